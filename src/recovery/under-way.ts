import { StaleFenceError } from '../leases/lease.js';

/**
 * Work that goes on beside the loop that begins it: each key once at a time, and so many at once at most. What the
 * chain is asked for with patience then holds up neither the others nor the loop.
 */
export class UnderWay {
  readonly #running = new Map<string, Promise<boolean>>();
  #lost: StaleFenceError | undefined;

  constructor(private readonly atMost: number) {}

  /** How many more may begin now. */
  get room(): number {
    return this.atMost - this.#running.size;
  }

  get keys(): readonly string[] {
    return [...this.#running.keys()];
  }

  /**
   * Begins `work` unless the key's is under way or there is no room: the loop comes by again. `work` says whether it
   * reached its end; what it throws goes to `onError`, but for a lost lease, which `throwIfLost` tells.
   */
  begin(key: string, work: () => Promise<boolean>, onError: (error: unknown) => void): void {
    if (this.room <= 0 || this.#running.has(key)) return;
    const running = work()
      .catch((error: unknown) => {
        if (error instanceof StaleFenceError) this.#lost = error;
        else onError(error);
        return false;
      })
      .finally(() => this.#running.delete(key));
    this.#running.set(key, running);
  }

  /** @throws StaleFenceError when one of them found the lease to be somebody else's. */
  throwIfLost(): void {
    if (this.#lost) throw this.#lost;
  }

  /** Waits for what is under way. Returns how many of these reached their end. */
  async ended(): Promise<number> {
    return (await Promise.all(this.#running.values())).filter(Boolean).length;
  }
}
