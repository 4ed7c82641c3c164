import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { TransactionState } from './managed-transaction.js';
import type { TransactionStore } from './transaction-store.js';

/** One question for all that wait in this process, this often; whoever works here tells at once. */
const LOOK_EVERY_MS = 40;
const ANSWERED: readonly TransactionState[] = ['confirmed', 'finalized', 'failed', 'expired', 'cancelled'];

/** Lets any number of callers wait for the answers of requests that whatever process works on. */
export class AnswerWatch {
  readonly #waiting = new Map<string, Set<() => void>>();
  #looking = false;

  constructor(
    private readonly deps: {
      readonly store: Pick<TransactionStore, 'whichAre'>;
      readonly clock: Clock;
      readonly log: Log;
    },
  ) {}

  /** Resolves when the request has its answer, or after `waitMs`. */
  async wait(id: string, waitMs: number): Promise<void> {
    const { clock } = this.deps;
    const late = new AbortController();
    let told = (): void => undefined;
    const answer = new Promise<void>((resolve) => (told = resolve));
    const others = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, others.add(told));
    if (!this.#looking) void this.#look();
    await Promise.race([answer, clock.sleep(waitMs, late.signal)]);
    late.abort();
    others.delete(told);
    if (others.size === 0) this.#waiting.delete(id);
  }

  /** Whoever waits for this request need wait no longer. */
  tell(id: string): void {
    for (const told of this.#waiting.get(id) ?? []) told();
  }

  async #look(): Promise<void> {
    const { store, clock, log } = this.deps;
    this.#looking = true;
    while (this.#waiting.size > 0) {
      await clock.sleep(LOOK_EVERY_MS);
      try {
        for (const id of await store.whichAre([...this.#waiting.keys()], ANSWERED)) this.tell(id);
      } catch (error) {
        log.warn({ error: messageOf(error) }, 'cannot look for the answers of transactions now');
        await clock.sleep(LOOK_EVERY_MS * 5);
      }
    }
    this.#looking = false;
  }
}
