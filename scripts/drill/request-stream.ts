import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/lib/clock.js';
import { messageOf } from '../../src/lib/errors.js';

export interface RequestStreamOptions {
  /** Of the API, without a path. */
  readonly url: string;
  /** That may write. */
  readonly token: string;
  /** Whose title the writes change. */
  readonly promotion: string;
}

/** People who use the API all the time: some read, some write, and a write is repeated until it is answered. */
export interface RequestStream {
  /** From now on a request that is not answered counts as failed (the default), or does not if any of its time is in here. */
  expectFailures(expected: boolean): void;
  readonly answered: number;
  /** Writes that were answered with success, each under an Idempotency-Key of its own. */
  readonly writes: number;
  /** Requests repeated because the API was away. */
  readonly repeated: number;
  /** What went wrong while nothing was to go wrong. */
  readonly failures: readonly string[];
  /** Lets everybody finish; writes are repeated until they are answered. */
  stop(): Promise<void>;
  /** Everybody goes home, also from writes that were not answered. */
  abandon(): Promise<void>;
}

const READERS = 4;
const WRITERS = 2;
const READ_PAUSE_MS = 25;
const WRITE_PAUSE_MS = 250;
const REPEAT_PAUSE_MS = 100;
/**
 * A connection that was on its way from PM2 to a process when that was killed hangs until its client gives up ([ran]:
 * Node's cluster forgets it), so everybody does at some time.
 */
const READ_TIMEOUT_MS = 15_000;
/** Longer than a write waits for chain and documents (30 s). */
const WRITE_TIMEOUT_MS = 40_000;

/** Starts everybody. */
export function startRequestStream({ url, token, promotion }: RequestStreamOptions): RequestStream {
  const stop = new AbortController();
  const abandoned = new AbortController();
  const counts = { answered: 0, writes: 0, repeated: 0 };
  let failuresExpected = false;
  let failuresExpectedTimes = 0;
  const failures: string[] = [];

  /** Whether it was answered with success. */
  async function ask(path: string, init: RequestInit): Promise<boolean> {
    const timesBefore = failuresExpected ? -1 : failuresExpectedTimes;
    const what = `${init.method ?? 'GET'} ${path}`;
    // By hand: Node 20 collects what AbortSignal.timeout() returns when only AbortSignal.any() knows it ([ran]).
    const giveUp = new AbortController();
    const impatience = setTimeout(() => giveUp.abort(), init.body ? WRITE_TIMEOUT_MS : READ_TIMEOUT_MS);
    const abandon = (): void => giveUp.abort();
    abandoned.signal.addEventListener('abort', abandon);
    try {
      const answer = await fetch(`${url}${path}`, { ...init, signal: giveUp.signal });
      const body = await answer.text();
      if (answer.ok) {
        counts.answered += 1;
        return true;
      }
      failures.push(`${what}: ${answer.status} ${body}`);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined;
      if (timesBefore === failuresExpectedTimes) failures.push(`${what}: ${messageOf(cause ?? error)}`);
    } finally {
      clearTimeout(impatience);
      abandoned.signal.removeEventListener('abort', abandon);
    }
    return false;
  }

  async function read(reader: number): Promise<void> {
    // Half of them keep their connection, half of them open one for each request.
    const headers: Record<string, string> = reader % 2 === 0 ? {} : { connection: 'close' };
    const path = reader < READERS / 2 ? '/api/sales?limit=5' : '/health/live';
    while (!stop.signal.aborted) {
      await ask(path, { headers });
      await systemClock.sleep(READ_PAUSE_MS, stop.signal);
    }
  }

  async function write(writer: number): Promise<void> {
    for (let count = 1; !stop.signal.aborted; count++) {
      const init = {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          'idempotency-key': randomUUID(),
        },
        body: JSON.stringify({ title: `Writer ${writer}, title ${count}` }),
      };
      while (!(await ask(`/api/promotions/${promotion}`, init))) {
        if (abandoned.signal.aborted) return;
        counts.repeated += 1;
        await systemClock.sleep(REPEAT_PAUSE_MS, abandoned.signal);
      }
      counts.writes += 1;
      await systemClock.sleep(WRITE_PAUSE_MS, stop.signal);
    }
  }

  const stream = {
    expectFailures: (expected: boolean) => {
      failuresExpected = expected;
      if (expected) failuresExpectedTimes += 1;
    },
    get answered() {
      return counts.answered;
    },
    get writes() {
      return counts.writes;
    },
    get repeated() {
      return counts.repeated;
    },
    failures,
    stop: async () => {
      stop.abort();
      await everybody;
    },
    abandon: async () => {
      stop.abort();
      abandoned.abort();
      await everybody;
    },
  };
  const everybody = Promise.all([
    ...Array.from({ length: READERS }, (_, reader) => read(reader)),
    ...Array.from({ length: WRITERS }, (_, writer) => write(writer)),
  ]);
  return stream;
}
