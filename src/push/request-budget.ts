/** Requests of one client that are answered at once, and per second from then on. */
const BURST = 20;
const PER_SECOND = 2;

/** How many requests a client may make: those it did not make are saved up, to a limit. */
export class RequestBudget {
  #left = BURST;
  #countedAt: number;

  /** @param nowMs on a clock that never goes back. */
  constructor(nowMs: number) {
    this.#countedAt = nowMs;
  }

  /** False: one too many. */
  spend(nowMs: number): boolean {
    this.#left = Math.min(BURST, this.#left + ((nowMs - this.#countedAt) / 1_000) * PER_SECOND);
    this.#countedAt = nowMs;
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }
}
