import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { walkSignatures } from '../chain/signature-pages.js';
import { BoundedMap } from '../lib/bounded-map.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { repeat, type Repeating } from '../lib/repeat.js';
import type { Source, SourceCallbacks, SourceStatus } from './source.js';

/**
 * How far below the slot it has seen each poll looks again, in whole slots: a node's list is transiently incomplete
 * (solana#21843), and the order within a slot differs between nodes (TRAPS 11).
 */
const OVERLAP_SLOTS = 64;
/** Signatures remembered per program, so that the overlap is not announced again. Forgetting one costs a look. */
const SIGNATURES_REMEMBERED = 20_000;

/** A poll that takes longer than this leaves a hole, in milliseconds: its request may be tried again for minutes. */
const ANSWER_PATIENCE_MS = 10_000;
/** How long `stop` waits for a poll under way, in milliseconds: what it still says is not passed on. */
const STOP_PATIENCE_MS = 1_000;

export interface PollingSourceOptions {
  readonly programIds: readonly string[];
  /** One endpoint for a whole poll: the head and the list must come from the same node. */
  readonly pinned: () => {
    /** Host only. */
    readonly name: string;
    readonly chain: Pick<ChainPort, 'slot' | 'signaturesFor' | 'firstAvailableBlock' | 'signatureStatuses'>;
  };
  readonly intervalMs: number;
  /** Signatures a page, 1..1000. */
  readonly pageSize: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Announcements by asking for each program's newest signatures again and again: no WebSocket needed. A poll reaches back
 * to where the last one that succeeded began, so an outage leaves no hole behind once it is over; what happened
 * before the first poll is for the sweep.
 */
export class PollingSource implements Source {
  readonly kind = 'polling';
  readonly #stopped = new AbortController();
  readonly #announced = new Map<string, BoundedMap<string, number>>();
  /** Up to here everything was announced; null before the first poll. */
  #seenUpTo: number | null = null;
  #live = false;
  #failures = 0;
  #lastAnswerAtMs: number | null = null;
  #url = '';
  #polling: Repeating | undefined;

  constructor(
    private readonly options: PollingSourceOptions,
    private readonly callbacks: SourceCallbacks,
  ) {}

  start(): void {
    const { clock, intervalMs } = this.options;
    this.#polling ??= repeat(
      clock,
      intervalMs,
      this.#stopped.signal,
      () => this.#watched(() => this.#poll()),
      (error) => this.#fail(messageOf(error)),
    );
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.race([this.#polling?.ended, this.options.clock.sleep(STOP_PATIENCE_MS)]);
  }

  restart(reason: string): void {
    this.#fail(reason);
    this.#polling?.soon();
  }

  status(): SourceStatus {
    return {
      live: this.#live,
      subscriptionIds: {},
      reconnectAttempts: this.#failures,
      lastMessageAtMs: this.#lastAnswerAtMs,
      lastSlot: this.#seenUpTo,
      url: this.#url,
    };
  }

  /** Tells of the hole as soon as a poll takes too long; when it succeeds after all, that is the end of it. */
  async #watched(poll: () => Promise<void>): Promise<void> {
    const over = new AbortController();
    const { clock } = this.options;
    void clock.sleep(ANSWER_PATIENCE_MS, over.signal).then(() => {
      if (!over.signal.aborted) this.#fail(`no answer for ${ANSWER_PATIENCE_MS / 1_000} s`);
    });
    try {
      await poll();
    } finally {
      over.abort();
    }
  }

  async #poll(): Promise<void> {
    const { programIds, pinned, clock } = this.options;
    const { name, chain } = pinned();
    this.#url = name;
    // Before the lists: what lands meanwhile is above it and found by the next poll.
    const head = await chain.slot('confirmed');
    if (this.#seenUpTo !== null) {
      const seenUpTo = this.#seenUpTo;
      const fromSlot = Math.max(0, seenUpTo - OVERLAP_SLOTS);
      const walks = await Promise.all(programIds.map((programId) => this.#announceFrom(chain, programId, fromSlot)));
      // A node without the overlap will do; one whose history begins above what was seen leaves a hole for good.
      const isShort = walks.includes('as-far-as-history-goes');
      if (isShort && (await chain.firstAvailableBlock()) > seenUpTo) this.#fail('history-missing');
    }
    if (this.#stopped.signal.aborted) return;
    this.#lastAnswerAtMs = clock.now();
    this.#failures = 0;
    // Another node may be behind the one asked before: what was seen stays seen.
    this.#seenUpTo = Math.max(this.#seenUpTo ?? 0, head);
    if (this.#live) return;
    this.#live = true;
    this.#call(() => this.callbacks.onLive({ slot: head }));
  }

  async #announceFrom(
    chain: Pick<ChainPort, 'signaturesFor' | 'firstAvailableBlock' | 'signatureStatuses'>,
    programId: string,
    fromSlot: number,
  ): Promise<'reached' | 'as-far-as-history-goes' | 'stopped'> {
    const announced = this.#announced.get(programId) ?? new BoundedMap<string, number>(SIGNATURES_REMEMBERED);
    this.#announced.set(programId, announced);
    const { pageSize } = this.options;
    const walk = walkSignatures(chain, programId, { fromSlot, commitment: 'confirmed', pageSize });
    for (;;) {
      const step = await walk.next();
      if (this.#stopped.signal.aborted) return 'stopped';
      if (step.done) {
        if (step.value.reached) return 'reached';
        if (step.value.reason === 'history-missing') return 'as-far-as-history-goes';
        throw new RpcError('not-ready', `the list of signatures ended early (${step.value.reason})`);
      }
      for (const { signature, slot, failed } of step.value.signatures) {
        // A fork may show it in another slot: that is news.
        if (announced.get(signature) === slot) continue;
        announced.set(signature, slot);
        this.#call(() => this.callbacks.onNotice({ programId, signature, slot, failed }));
      }
    }
  }

  #fail(reason: string): void {
    if (this.#stopped.signal.aborted) return;
    this.#failures += 1;
    if (this.#live || this.#failures === 1) this.options.log.warn({ reason }, 'polling failed; trying again');
    this.#live = false;
    this.#call(() => this.callbacks.onHole({ fromSlot: this.#seenUpTo, reason }));
  }

  #call(callback: () => void): void {
    if (this.#stopped.signal.aborted) return;
    try {
      callback();
    } catch (error) {
      this.options.log.error({ error: messageOf(error) }, 'a callback of the polling source threw');
    }
  }
}
