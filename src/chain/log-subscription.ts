import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { ChainPort } from './chain-port.js';
import { endpointName, redactor } from './endpoint-name.js';
import { FailBackSocket } from './fail-back-socket.js';
import type { LogSocket, OpenLogSocket } from './log-socket.js';
import { DEFAULT_FAIL_BACK_TIMING, type FailBackTiming } from './socket-fail-back.js';
import { parseSubscriptionMessage } from './subscription-message.js';
import {
  DEFAULT_SUBSCRIPTION_TIMING,
  type DownReason,
  type LogNotice,
  type SlotNotice,
  type SubscriptionCounts,
  type SubscriptionEffect,
  SubscriptionState,
  type SubscriptionTiming,
} from './subscription-state.js';

/** All of them only enqueue: a node disconnects a slow reader (TRAPS 8). What they throw is logged and dropped. */
export interface LogSubscriptionCallbacks {
  readonly onNotice: (notice: LogNotice) => void;
  /**
   * Everything is subscribed. Notices are complete for slots above `slot`; fill up to and including it. Notices that
   * came before this call are real as well.
   */
  readonly onLive: (live: { readonly slot: number }) => void;
  /** Also for every failed attempt to come back. `atSlot` = the newest slot heard of, null if none ever was. */
  readonly onDown: (down: { readonly reason: DownReason; readonly atSlot: number | null }) => void;
  readonly onSlot?: (slot: SlotNotice) => void;
}

export interface LogSubscriptionOptions {
  /** ws(s) URLs, in order of preference; a failure moves on to the next, and back once the first works again. */
  readonly urls: readonly string[];
  readonly programIds: readonly string[];
  /** Asked for the confirmed head when the socket is silent. */
  readonly chain: Pick<ChainPort, 'slot'>;
  readonly callbacks: LogSubscriptionCallbacks;
  readonly openSocket: OpenLogSocket;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly timing?: Partial<SubscriptionTiming & FailBackTiming>;
  /** The highest confirmed slot that HTTP has shown, to tell a socket that lags. */
  readonly knownHead?: () => number | null;
}

export interface LogSubscriptionStatus {
  readonly connected: boolean;
  /** Subscribed, and the boundary slot was announced. */
  readonly live: boolean;
  readonly subscriptionIds: Readonly<Record<string, string>>;
  /** Failures since the connection was last stable. */
  readonly reconnectAttempts: number;
  /** Wall-clock milliseconds. */
  readonly lastMessageAtMs: number | null;
  readonly lastSlot: number | null;
  /** Host only. */
  readonly url: string;
  readonly counts: SubscriptionCounts & { readonly callbackErrors: number };
}

const TICK_MS = 100;
// HTTP with its retries may take minutes; the next doubt should not wait for it.
const HEAD_TIMEOUT_MS = 10_000;

/** Follows the logs of several programs over one WebSocket: the I/O around SubscriptionState. */
export class LogSubscription {
  readonly #state: SubscriptionState;
  readonly #failBack: FailBackSocket;
  readonly #stopped = new AbortController();
  #socket: LogSocket | undefined;
  #ticking: Promise<void> | undefined;
  #lastMessageAtMs: number | null = null;
  #callbackErrors = 0;
  readonly #waiting: SubscriptionEffect[] = [];
  #performing = false;

  constructor(private readonly options: LogSubscriptionOptions) {
    const { urls, programIds, random, timing, openSocket, clock, log } = options;
    this.#failBack = new FailBackSocket({
      urls,
      openSocket,
      timing: { ...DEFAULT_FAIL_BACK_TIMING, ...timing },
      clock,
      random,
      log,
      present: () => {
        const { live, urlIndex, connectionSlot: slot } = this.#state;
        return { live, stable: this.#state.isStable(this.#now()), urlIndex, slot };
      },
      onMove: (urlIndex) => this.#perform(this.#state.moveTo(urlIndex, this.#now())),
    });
    this.#state = new SubscriptionState(programIds, urls.length, { ...DEFAULT_SUBSCRIPTION_TIMING, ...timing }, random);
  }

  start(): void {
    if (this.#ticking !== undefined) return;
    this.#perform(this.#state.start(this.#now()));
    this.#ticking = this.#tick();
  }

  /** Closes the socket; no callback is called afterwards. Cannot be started again. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#failBack.stop();
    this.#perform(this.#state.stop());
    await this.#ticking;
  }

  /** Drops the connection and builds a new one, after the usual backoff; for whoever knows that something was missed. */
  restart(reason: string): void {
    this.#perform(this.#state.restart(reason, this.#now()));
  }

  status(): LogSubscriptionStatus {
    const { connected, live, subscriptionIds, reconnectAttempts, lastSlot, urlIndex, counts } = this.#state;
    return {
      connected,
      live,
      subscriptionIds,
      reconnectAttempts,
      lastMessageAtMs: this.#lastMessageAtMs,
      lastSlot,
      url: endpointName(this.options.urls[urlIndex] ?? ''),
      counts: { ...counts, callbackErrors: this.#callbackErrors },
    };
  }

  async #tick(): Promise<void> {
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await this.options.clock.sleep(TICK_MS, signal);
      if (signal.aborted) break;
      this.#perform(this.#state.tick(this.#now(), this.options.knownHead?.() ?? null));
      this.#failBack.tick();
    }
  }

  /** In order even when a callback asks for more (a restart from within onSlot). */
  #perform(effects: readonly SubscriptionEffect[]): void {
    this.#waiting.push(...effects);
    if (this.#performing) return;
    this.#performing = true;
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift()) {
      this.#performOne(effect);
    }
    this.#performing = false;
  }

  #performOne(effect: SubscriptionEffect): void {
    const { callbacks } = this.options;
    switch (effect.do) {
      case 'connect':
        this.#connect(this.options.urls[effect.urlIndex] ?? '');
        break;
      case 'send':
        this.#socket?.send(effect.text);
        break;
      case 'ping':
        this.#socket?.ping();
        break;
      case 'terminate':
        this.#terminate();
        break;
      case 'ask-head':
        void this.#askHead();
        break;
      case 'emit-notice':
        this.#emit(() => callbacks.onNotice(effect.notice));
        break;
      case 'emit-slot':
        this.#emit(() => callbacks.onSlot?.(effect.notice));
        break;
      case 'emit-live':
        this.#emit(() => callbacks.onLive({ slot: effect.slot }));
        break;
      case 'emit-down':
        this.#onDown(effect);
        break;
    }
  }

  #connect(url: string): void {
    const redact = redactor(url);
    // A socket we gave up may still speak; only the current one is listened to.
    const whenCurrent = (react: () => readonly SubscriptionEffect[]) => {
      if (this.#socket === socket) this.#perform(react());
    };
    let socket: LogSocket | undefined;
    let opened = false;
    try {
      socket = this.options.openSocket(url, {
        onOpen: () => {
          opened = true;
          whenCurrent(() => this.#state.onOpen(this.#now()));
        },
        onMessage: (text) =>
          whenCurrent(() => {
            this.#lastMessageAtMs = this.options.clock.now();
            return this.#state.onMessage(parseSubscriptionMessage(text), this.#now());
          }),
        onPong: () => whenCurrent(() => (this.#state.onPong(this.#now()), [])),
        onClose: (detail) =>
          whenCurrent(() => this.#state.onClose(opened ? 'closed' : 'connect-failed', redact(detail), this.#now())),
      });
      this.#socket = socket;
    } catch (error) {
      this.#perform(this.#state.onClose('connect-failed', redact(messageOf(error)), this.#now()));
    }
  }

  #terminate(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.terminate();
  }

  async #askHead(): Promise<void> {
    const asked = this.#socket;
    const { chain, clock } = this.options;
    const answered = new AbortController();
    const head = await Promise.race([
      chain.slot('confirmed').catch(() => null),
      clock.sleep(HEAD_TIMEOUT_MS, AbortSignal.any([answered.signal, this.#stopped.signal])).then(() => null),
    ]);
    answered.abort();
    if (this.#socket === asked) this.#perform(this.#state.onHead(head, this.#now()));
  }

  #onDown(down: SubscriptionEffect & { do: 'emit-down' }): void {
    const { reason, detail, atSlot } = down;
    const url = this.status().url;
    this.options.log.warn({ reason, detail, atSlot, next: url }, 'log subscription down');
    this.#emit(() => this.options.callbacks.onDown({ reason, atSlot }));
  }

  #emit(callback: () => void): void {
    if (this.#stopped.signal.aborted) return;
    try {
      callback();
    } catch (error) {
      this.#callbackErrors += 1;
      this.options.log.error({ error: messageOf(error) }, 'a subscription callback threw');
    }
  }

  #now(): number {
    return this.options.clock.monotonic();
  }
}
