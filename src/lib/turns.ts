import type { Clock } from './clock.js';

/** Lets work with the same key happen one after another within this process, in the order it came. */
export class Turns {
  readonly #last = new Map<string, Promise<void>>();

  constructor(private readonly clock: Pick<Clock, 'sleep'>) {}

  /** What gives the turn back, once it has come; null when it does not come within `waitMs`. */
  async take(key: string, waitMs: number): Promise<(() => void) | null> {
    const before = this.#last.get(key) ?? Promise.resolve();
    let giveBack = (): void => undefined;
    const mine = new Promise<void>((resolve) => (giveBack = resolve));
    const last = before.then(() => mine);
    this.#last.set(key, last);
    void last.then(() => {
      if (this.#last.get(key) === last) this.#last.delete(key);
    });
    const waiting = new AbortController();
    const come = await Promise.race([
      before.then(() => true),
      this.clock.sleep(waitMs, waiting.signal).then(() => false),
    ]);
    waiting.abort();
    if (come) return giveBack;
    giveBack();
    return null;
  }
}
