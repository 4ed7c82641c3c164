import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { repeat } from '../lib/repeat.js';

type PresenceDocument = { _id: string; beat: number };

function presences(db: mongo.Db): mongo.Collection<PresenceDocument> {
  return db.collection<PresenceDocument>('leases');
}

function presenceId(kind: string): string {
  return `presence:${kind}`;
}

/** Shows that a process of this kind lives, three times a term, until `signal` is aborted. */
export function showPresence(
  { db, clock, log, termMs }: { db: mongo.Db; clock: Clock; log: Log; termMs: number },
  kind: string,
  signal: AbortSignal,
): Promise<void> {
  return repeat(
    clock,
    termMs / 3,
    signal,
    () => presences(db).updateOne({ _id: presenceId(kind) }, { $inc: { beat: 1 } }, { upsert: true }),
    (error) => log.warn({ kind, error: messageOf(error) }, 'could not show that this process lives'),
  ).ended;
}

/**
 * Whether a process of some kind lives, by its beat and our own monotonic clock alone, as with leases: nobody's wall clock
 * is trusted.
 */
export class PresenceWatch {
  #beat: number | null = null;
  #movedAtMs: number;
  #isKnown = false;

  constructor(
    private readonly db: mongo.Db,
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly kind: string,
    private readonly termMs: number,
  ) {
    this.#movedAtMs = clock.monotonic();
  }

  /** unknown: it is watched for less than a term. */
  async look(): Promise<'lives' | 'absent' | 'unknown'> {
    const stored = await presences(this.db).findOne({ _id: presenceId(this.kind) });
    const beat = stored?.beat ?? null;
    if (beat !== this.#beat) {
      const isFirst = !this.#isKnown;
      this.#beat = beat;
      this.#movedAtMs = this.clock.monotonic();
      this.#isKnown = true;
      return isFirst ? 'unknown' : 'lives';
    }
    this.#isKnown = true;
    if (this.clock.monotonic() - this.#movedAtMs >= this.termMs) return 'absent';
    return 'unknown';
  }
}
