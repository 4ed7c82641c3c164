import type { Clock } from '../../lib/clock.js';
import { QUESTION_LIMIT_MS } from './limits.js';

/** What somebody else says, or `instead` where they fail or take too long: that is for their own line to tell. */
export async function soon<T>(clock: Clock, reading: Promise<T>, instead: T): Promise<T> {
  const known = new AbortController();
  try {
    const late = clock.sleep(QUESTION_LIMIT_MS, known.signal).then(() => instead);
    return await Promise.race([reading.catch(() => instead), late]);
  } finally {
    known.abort();
  }
}
