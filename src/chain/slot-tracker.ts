import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { ChainPort } from './chain-port.js';

export interface SlotTrackerOptions {
  readonly chain: Pick<ChainPort, 'slot'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Without a hint from the socket, HTTP is asked this often. */
  readonly pollEveryMs?: number;
  /** However many hints come, HTTP is asked no more often than this. */
  readonly pollAtMostEveryMs?: number;
}

const DEFAULT_POLL_EVERY_MS = 5_000;
// Finality arrives 12 s after the event: a second more is not felt, and a poll costs two requests.
const DEFAULT_POLL_AT_MOST_EVERY_MS = 1_000;

/**
 * The confirmed and finalized heads, as far as they are known; they never go back, whatever node answers.
 *
 * Both are asked over HTTP. The socket's slots only say when asking is worth it: its `slot` is processed, not
 * confirmed, and its `root` is that node's own, which can be ahead of what the cluster has finalized. rootSubscribe is
 * not used at all: Surfnet refuses it (TRAPS 29).
 */
export class SlotTracker {
  #confirmed: number | null = null;
  #finalized: number | null = null;
  #hintedRoot = 0;
  #lastPollMs = -Infinity;
  #lastSuccessMs: number | null = null;
  #wake = new AbortController();
  readonly #stopped = new AbortController();
  readonly #listeners = new Set<(slot: number) => void>();
  #running: Promise<void> | undefined;

  constructor(private readonly options: SlotTrackerOptions) {}

  /** Null until first learned. */
  get confirmedSlot(): number | null {
    return this.#confirmed;
  }

  /** Null until first learned. */
  get finalizedSlot(): number | null {
    return this.#finalized;
  }

  /** Wall-clock milliseconds of the last complete answer, null before the first. */
  get lastSuccessMs(): number | null {
    return this.#lastSuccessMs;
  }

  /** Called whenever the finalized slot rises. Returns how to unsubscribe. What the listener throws is logged. */
  onFinalized(listener: (slot: number) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#wake.abort();
    await this.#running;
  }

  /** From the socket: a root beyond what we know means that asking now will tell something new. */
  hint(notice: { readonly root: number }): void {
    if (notice.root <= Math.max(this.#hintedRoot, this.#finalized ?? 0)) return;
    this.#hintedRoot = notice.root;
    this.#wake.abort();
  }

  /** Asks now. A head that cannot be learned stays as it was; returns whether both were. */
  async poll(): Promise<boolean> {
    const { chain, clock, log } = this.options;
    this.#lastPollMs = clock.monotonic();
    try {
      // The lower one first, so that the pair is never inverted by time passing between the answers.
      this.#raiseFinalized(await chain.slot('finalized'));
      this.#confirmed = Math.max(this.#confirmed ?? 0, this.#finalized ?? 0, await chain.slot('confirmed'));
      this.#lastSuccessMs = clock.now();
      return true;
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the heads of the chain could not be read');
      return false;
    }
  }

  async #run(): Promise<void> {
    const {
      clock,
      pollEveryMs = DEFAULT_POLL_EVERY_MS,
      pollAtMostEveryMs = DEFAULT_POLL_AT_MOST_EVERY_MS,
    } = this.options;
    while (!this.#stopped.signal.aborted) {
      this.#wake = new AbortController();
      await this.poll();
      await clock.sleep(pollAtMostEveryMs, this.#stopped.signal);
      const leftMs = pollEveryMs - (clock.monotonic() - this.#lastPollMs);
      if (leftMs > 0 && !this.#stopped.signal.aborted) await clock.sleep(leftMs, this.#wake.signal);
    }
  }

  #raiseFinalized(slot: number): void {
    if (this.#finalized !== null && slot <= this.#finalized) return;
    this.#finalized = slot;
    for (const listener of this.#listeners) {
      try {
        listener(slot);
      } catch (error) {
        this.options.log.error({ error: messageOf(error) }, 'a finality listener threw');
      }
    }
  }
}
