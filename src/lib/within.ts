import type { Clock } from './clock.js';

/** What comes of `work`, unless that takes longer than `ms`: then null, and it goes on unheard. @throws what `work` rejects with in time. */
export async function within<T>(clock: Pick<Clock, 'sleep'>, ms: number, work: Promise<T>): Promise<T | null> {
  const enough = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, enough.signal).then(() => null)]);
  } finally {
    enough.abort();
  }
}
