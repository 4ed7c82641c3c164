import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import { MAX_ENDPOINT_LAG } from './endpoint-lag.js';
import type { SubscriptionMessage } from './subscription-message.js';

/** A transaction that mentioned a program, as the node announced it: a hint, never the truth (TRAPS 29). */
export interface LogNotice {
  readonly programId: string;
  readonly signature: string;
  readonly slot: number;
  /** Null = this node keeps no logs; an empty list = the transaction wrote none. */
  readonly logs: readonly string[] | null;
  readonly failed: boolean;
}

export interface SlotNotice {
  /** Processed, so it may be on a fork that is dropped. */
  readonly slot: number;
  readonly parent: number;
  /** This node's own root, which can be ahead of what the cluster has finalized. */
  readonly root: number;
}

export type DownReason =
  | 'connect-failed'
  | 'connect-timeout'
  | 'closed'
  | 'subscribe-rejected'
  | 'subscribe-timeout'
  /** HTTP knows newer slots than the socket spoke of. */
  | 'stale'
  | 'no-pong'
  /** It speaks, but of slots far behind what HTTP endpoints show. */
  | 'lagging'
  /** The preferred URL works again. */
  | 'fail-back'
  /** Somebody asked for it. */
  | 'restart';

/** What the shell has to do, in order. */
export type SubscriptionEffect =
  | { readonly do: 'connect'; readonly urlIndex: number }
  | { readonly do: 'send'; readonly text: string }
  | { readonly do: 'ping' }
  | { readonly do: 'terminate' }
  /** Ask HTTP for the confirmed head and hand it to `onHead`, null if it cannot be learned. */
  | { readonly do: 'ask-head' }
  | { readonly do: 'emit-notice'; readonly notice: LogNotice }
  | { readonly do: 'emit-slot'; readonly notice: SlotNotice }
  | { readonly do: 'emit-live'; readonly slot: number }
  | { readonly do: 'emit-down'; readonly reason: DownReason; readonly detail: string; readonly atSlot: number | null };

export interface SubscriptionTiming {
  /** Without a slot for this long, HTTP is asked whether the chain moves. Slots take 400 ms. */
  readonly silenceMs: number;
  readonly connectTimeoutMs: number;
  /** From opening to the last acknowledgement. */
  readonly subscribeTimeoutMs: number;
  readonly pingEveryMs: number;
  /** Without a message or pong for this long after a ping, the connection is half-open. */
  readonly pongTimeoutMs: number;
  readonly reconnect: BackoffPolicy;
  /** Live this long, the next failure starts the backoff anew. */
  readonly stableMs: number;
  /** Behind for this long, the next URL is taken: a node may stutter. */
  readonly lagForMs: number;
}

export const DEFAULT_SUBSCRIPTION_TIMING: SubscriptionTiming = {
  silenceMs: 5_000,
  connectTimeoutMs: 10_000,
  subscribeTimeoutMs: 10_000,
  // Some providers drop sockets that are idle for ten minutes (TRAPS 10); proxies often after one.
  pingEveryMs: 15_000,
  pongTimeoutMs: 10_000,
  reconnect: { firstMs: 250, maxMs: 30_000, jitter: 0.5 },
  stableMs: 30_000,
  lagForMs: 5_000,
};

/** Leaders announce this in place of a signature now and then (solana#27017). */
export const PLACEHOLDER_SIGNATURE = '1'.repeat(64);
/** Notifications that overtook their acknowledgement; more than this many means they are not ours. */
const MOST_EARLY_MESSAGES = 1_000;

type Phase =
  | { readonly name: 'stopped' }
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'connecting'; readonly sinceMs: number }
  | { readonly name: 'subscribing'; readonly sinceMs: number }
  /** Acknowledged; waiting for the slot that marks the boundary. */
  | { readonly name: 'acknowledged' }
  | { readonly name: 'live'; readonly sinceMs: number };

/** What a subscription is for: a program's logs, or the slots. */
type Route = { readonly programId: string } | 'slots';

export interface SubscriptionCounts {
  /** Messages nobody understood or asked for. */
  readonly ignored: number;
  readonly placeholders: number;
}

/**
 * Decides when to connect, subscribe, doubt and give up a log subscription. No I/O, no timers, no clock of its own:
 * every method takes what happened and the monotonic time in milliseconds and returns what to do.
 */
export class SubscriptionState {
  #phase: Phase = { name: 'stopped' };
  #urlIndex = 0;
  /** Failures since the connection was last stable. */
  #failures = 0;
  #nextRequestId = 1;
  /** Requests not yet acknowledged. */
  #pending = new Map<number, Route>();
  /** By the node's subscription id. */
  #routes = new Map<string, Route>();
  #early: SubscriptionMessage[] = [];
  /** Of this connection only: what an older one or another node said is no measure for it. */
  #lastSlot: number | null = null;
  #highestSlot: number | null = null;
  #lastSlotMs = 0;
  #lastMessageMs = 0;
  #lastPingMs = 0;
  #headAsked = false;
  /** The head at the first doubt on a connection that never spoke of a slot. */
  #baselineHead: number | null = null;
  #laggingSinceMs: number | null = null;
  /** Connections given up for lagging since one did not. */
  #laggards = 0;
  #ignored = 0;
  #placeholders = 0;
  readonly #programs: readonly string[];

  constructor(
    programIds: readonly string[],
    private readonly urlCount: number,
    private readonly timing: SubscriptionTiming,
    private readonly random: () => number,
  ) {
    this.#programs = [...new Set(programIds)];
  }

  get connected(): boolean {
    return this.#phase.name === 'live' || this.#phase.name === 'acknowledged' || this.#phase.name === 'subscribing';
  }

  get live(): boolean {
    return this.#phase.name === 'live';
  }

  get reconnectAttempts(): number {
    return this.#failures;
  }

  get urlIndex(): number {
    return this.#urlIndex;
  }

  /** The newest slot any connection spoke of. */
  get lastSlot(): number | null {
    return this.#highestSlot;
  }

  /** The newest slot this connection spoke of. */
  get connectionSlot(): number | null {
    return this.#lastSlot;
  }

  /** Live for so long that the next failure starts the backoff anew. */
  isStable(nowMs: number): boolean {
    return this.#phase.name === 'live' && nowMs - this.#phase.sinceMs >= this.timing.stableMs;
  }

  get counts(): SubscriptionCounts {
    return { ignored: this.#ignored, placeholders: this.#placeholders };
  }

  /** The node's subscription ids by program, once acknowledged. */
  get subscriptionIds(): Readonly<Record<string, string>> {
    const ids: Record<string, string> = {};
    for (const [id, route] of this.#routes) if (route !== 'slots') ids[route.programId] = id;
    return ids;
  }

  start(nowMs: number): SubscriptionEffect[] {
    return this.#phase.name === 'stopped' ? this.#connect(nowMs) : [];
  }

  stop(): SubscriptionEffect[] {
    if (this.#phase.name === 'stopped') return [];
    this.#forget();
    this.#phase = { name: 'stopped' };
    return [{ do: 'terminate' }];
  }

  restart(detail: string, nowMs: number): SubscriptionEffect[] {
    return this.#isUp() ? this.#fail('restart', detail, nowMs) : [];
  }

  /** Gives the connection up for that URL, at once: it was just seen to work. */
  moveTo(urlIndex: number, nowMs: number): SubscriptionEffect[] {
    if (!this.#isUp()) return [];
    this.#urlIndex = urlIndex;
    this.#forget();
    const down = { do: 'emit-down', reason: 'fail-back', detail: 'the preferred endpoint works again' } as const;
    return [{ do: 'terminate' }, { ...down, atSlot: this.#highestSlot }, ...this.#connect(nowMs)];
  }

  onOpen(nowMs: number): SubscriptionEffect[] {
    if (this.#phase.name !== 'connecting') return [];
    this.#phase = { name: 'subscribing', sinceMs: nowMs };
    this.#lastMessageMs = nowMs;
    this.#lastPingMs = nowMs;
    // Slots last: the first slot after all acknowledgements is the boundary.
    return [
      ...this.#programs.map((programId) =>
        this.#subscribe('logsSubscribe', [{ mentions: [programId] }, { commitment: 'confirmed' }], { programId }),
      ),
      this.#subscribe('slotSubscribe', [], 'slots'),
    ];
  }

  onClose(reason: 'connect-failed' | 'closed', detail: string, nowMs: number): SubscriptionEffect[] {
    return this.#isUp() ? this.#fail(reason, detail, nowMs) : [];
  }

  onPong(nowMs: number): void {
    this.#lastMessageMs = nowMs;
  }

  onMessage(message: SubscriptionMessage, nowMs: number): SubscriptionEffect[] {
    if (!this.connected) return [];
    this.#lastMessageMs = nowMs;
    switch (message.kind) {
      case 'ack':
        return this.#onAck(message, nowMs);
      case 'rejected':
        if (!this.#pending.has(message.requestId)) return this.#ignore();
        return this.#fail('subscribe-rejected', `${message.message} (${message.code})`, nowMs);
      case 'logs':
      case 'slot':
        return this.#onNotification(message, nowMs);
      case 'unknown':
        return this.#ignore();
    }
  }

  /** The answer to `ask-head`: only a chain that moved on without us is a fault; else the chain itself stands still. */
  onHead(head: number | null, nowMs: number): SubscriptionEffect[] {
    if (!this.#headAsked) return [];
    this.#headAsked = false;
    if (nowMs - this.#lastSlotMs < this.timing.silenceMs) return [];
    // Whatever the answer says, short of a fault: the next doubt comes after another silence.
    this.#lastSlotMs = nowMs;
    if (head === null) return [];
    const known = this.#lastSlot ?? this.#baselineHead;
    if (known === null) this.#baselineHead = head;
    if (known === null || head <= known) return [];
    return this.#fail('stale', `socket at ${known}, chain at ${head}`, nowMs);
  }

  /** To be called a few times a second; `httpHead` = the highest confirmed slot that HTTP endpoints have shown. */
  tick(nowMs: number, httpHead: number | null = null): SubscriptionEffect[] {
    const { timing } = this;
    switch (this.#phase.name) {
      case 'stopped':
        return [];
      case 'waiting':
        return nowMs >= this.#phase.untilMs ? this.#connect(nowMs) : [];
      case 'connecting':
        if (nowMs - this.#phase.sinceMs < timing.connectTimeoutMs) return [];
        return this.#fail('connect-timeout', `no connection in ${timing.connectTimeoutMs} ms`, nowMs);
      case 'subscribing':
        if (nowMs - this.#phase.sinceMs < timing.subscribeTimeoutMs) return [];
        return this.#fail('subscribe-timeout', `${this.#pending.size} subscriptions unanswered`, nowMs);
      case 'live':
        if (this.isStable(nowMs)) this.#failures = 0;
        return this.#watchLag(nowMs, httpHead) ?? this.#watch(nowMs);
      case 'acknowledged':
        return this.#watch(nowMs);
    }
  }

  /** What a lagging node announces comes too late to be live: as good as silence, where there is another. */
  #watchLag(nowMs: number, httpHead: number | null): SubscriptionEffect[] | undefined {
    const lagSlots = (httpHead ?? 0) - (this.#lastSlot ?? Infinity);
    if (lagSlots <= MAX_ENDPOINT_LAG) {
      this.#laggingSinceMs = null;
      if (httpHead !== null) this.#laggards = 0;
      return undefined;
    }
    this.#laggingSinceMs ??= nowMs;
    // When every socket is behind, it is HTTP that is off, and changing sockets helps nobody.
    if (nowMs - this.#laggingSinceMs < this.timing.lagForMs || this.#laggards >= this.urlCount - 1) return undefined;
    this.#laggards += 1;
    return this.#fail('lagging', `socket at ${this.#lastSlot}, chain at ${httpHead}`, nowMs);
  }

  #watch(nowMs: number): SubscriptionEffect[] {
    const { pingEveryMs, pongTimeoutMs, silenceMs } = this.timing;
    const effects: SubscriptionEffect[] = [];
    const pinged = this.#lastPingMs > this.#lastMessageMs;
    if (pinged && nowMs - this.#lastPingMs >= pongTimeoutMs) {
      return this.#fail('no-pong', `nothing heard for ${Math.round(nowMs - this.#lastMessageMs)} ms`, nowMs);
    }
    if (!pinged && nowMs - this.#lastPingMs >= pingEveryMs) {
      this.#lastPingMs = nowMs;
      effects.push({ do: 'ping' });
    }
    if (!this.#headAsked && nowMs - this.#lastSlotMs >= silenceMs) {
      this.#headAsked = true;
      effects.push({ do: 'ask-head' });
    }
    return effects;
  }

  #onAck(ack: SubscriptionMessage & { kind: 'ack' }, nowMs: number): SubscriptionEffect[] {
    const route = this.#pending.get(ack.requestId);
    if (route === undefined) return this.#ignore();
    this.#pending.delete(ack.requestId);
    this.#routes.set(ack.subscription, route);
    // Before the phase changes: a slot that overtook its acknowledgement is no boundary.
    const early = this.#early;
    this.#early = [];
    const effects = early.flatMap((message) => this.onMessage(message, nowMs));
    if (this.#pending.size === 0) {
      this.#phase = { name: 'acknowledged' };
      this.#lastSlotMs = nowMs;
    }
    return effects;
  }

  #onNotification(message: SubscriptionMessage & { kind: 'logs' | 'slot' }, nowMs: number): SubscriptionEffect[] {
    const route = this.#routes.get(message.subscription);
    if (route === undefined) {
      if (this.#pending.size === 0 || this.#early.length >= MOST_EARLY_MESSAGES) return this.#ignore();
      this.#early.push(message);
      return [];
    }
    if (message.kind === 'slot') return route === 'slots' ? this.#onSlot(message, nowMs) : this.#ignore();
    if (route === 'slots') return this.#ignore();
    if (message.signature === PLACEHOLDER_SIGNATURE) {
      this.#placeholders += 1;
      return [];
    }
    const { signature, slot, logs, failed } = message;
    return [{ do: 'emit-notice', notice: { programId: route.programId, signature, slot, logs, failed } }];
  }

  #onSlot(message: SubscriptionMessage & { kind: 'slot' }, nowMs: number): SubscriptionEffect[] {
    const { slot, parent, root } = message;
    // Slots come out of order across forks; one that repeats the past says nothing about now.
    const isNew = this.#lastSlot === null || slot > this.#lastSlot;
    if (isNew) this.#lastSlotMs = nowMs;
    this.#lastSlot = Math.max(this.#lastSlot ?? 0, slot);
    this.#highestSlot = Math.max(this.#highestSlot ?? 0, slot);
    const effects: SubscriptionEffect[] = [{ do: 'emit-slot', notice: { slot, parent, root } }];
    // A slot first heard of after the last acknowledgement cannot have been confirmed before it: from here on every
    // confirmation is announced to us. Whoever fills up to and including this slot has no hole (TRAPS 7).
    if (this.#phase.name === 'acknowledged' && isNew) {
      this.#phase = { name: 'live', sinceMs: nowMs };
      effects.push({ do: 'emit-live', slot });
    }
    return effects;
  }

  #ignore(): SubscriptionEffect[] {
    this.#ignored += 1;
    return [];
  }

  #isUp(): boolean {
    return this.#phase.name !== 'stopped' && this.#phase.name !== 'waiting';
  }

  #subscribe(method: string, params: readonly unknown[], route: Route): SubscriptionEffect {
    const id = this.#nextRequestId++;
    this.#pending.set(id, route);
    return { do: 'send', text: JSON.stringify({ jsonrpc: '2.0', id, method, params }) };
  }

  #connect(nowMs: number): SubscriptionEffect[] {
    this.#phase = { name: 'connecting', sinceMs: nowMs };
    return [{ do: 'connect', urlIndex: this.#urlIndex }];
  }

  #fail(reason: DownReason, detail: string, nowMs: number): SubscriptionEffect[] {
    if (this.isStable(nowMs)) this.#failures = 0;
    const delayMs = backoffMs(this.timing.reconnect, this.#failures, this.random);
    this.#failures += 1;
    this.#urlIndex = (this.#urlIndex + 1) % this.urlCount;
    this.#forget();
    this.#phase = { name: 'waiting', untilMs: nowMs + delayMs };
    return [{ do: 'terminate' }, { do: 'emit-down', reason, detail, atSlot: this.#highestSlot }];
  }

  #forget(): void {
    this.#pending.clear();
    this.#routes.clear();
    this.#early = [];
    this.#lastSlot = null;
    this.#baselineHead = null;
    this.#headAsked = false;
    this.#laggingSinceMs = null;
  }
}
