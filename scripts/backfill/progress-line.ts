import { secondsLeft } from '../../src/recovery/backfill-plan.js';
import type { BackfillProgress } from '../../src/recovery/backfill.js';

/** How often a terminal's line is drawn again, and a line is printed into a pipe, in milliseconds. */
const EVERY_MS = { terminal: 250, pipe: 5_000 };

/** Shows how far a backfill is: one line drawn again and again on a terminal, a line every few seconds elsewhere. */
export class ProgressLine {
  readonly #startedAt: number;
  #first: { readonly walk: number; readonly atSlot: number; readonly at: number } | undefined;
  #eventsBefore: number | undefined;
  #shownAt = -Infinity;
  #drawn = false;

  constructor(
    private readonly out: { readonly isTTY?: boolean; write(text: string): unknown },
    private readonly now: () => number,
  ) {
    this.#startedAt = now();
  }

  show(progress: BackfillProgress): void {
    const now = this.now();
    if (this.#first?.walk !== progress.walk) this.#first = { ...progress, at: now };
    // What an earlier run brought says nothing about the rate of this one.
    this.#eventsBefore ??= progress.counts.events;
    if (now - this.#shownAt < (this.out.isTTY ? EVERY_MS.terminal : EVERY_MS.pipe)) return;
    this.#shownAt = now;
    const seconds = (now - this.#startedAt) / 1_000;
    const rate = seconds > 0 ? (progress.counts.events - this.#eventsBefore) / seconds : 0;
    const walked = (now - this.#first.at) / 1_000;
    const left = secondsLeft({ ...progress.span, toSlot: this.#first.atSlot }, progress.atSlot, walked);
    this.#write(describeProgress(progress, rate, left));
  }

  /** Leaves the line as it is and goes to the next. */
  end(): void {
    if (this.#drawn) this.out.write('\n');
    this.#drawn = false;
  }

  #write(text: string): void {
    // Carriage return, and clear to the end of the line.
    if (this.out.isTTY) this.out.write(`\r\u001b[K${text}`);
    else this.out.write(`${text}\n`);
    this.#drawn = Boolean(this.out.isTTY);
  }
}

/** "fetching: slot 5 (of 9 down to 1), …". */
export function describeProgress(progress: BackfillProgress, eventsPerSecond: number, left: number | null): string {
  const { span, walk, atSlot, counts } = progress;
  const what = walk === 1 ? 'fetching' : `comparing (walk ${walk})`;
  const parked = counts.parked > 0 ? `, ${counts.parked} parked` : '';
  const rest = left === null ? '' : `, about ${describeSeconds(left)} left`;
  return (
    `${what}: slot ${atSlot} (from ${span.toSlot} down to ${span.fromSlot}), ${counts.listed} transactions, ` +
    `${counts.events} new events${parked}, ${Math.round(eventsPerSecond)} events/s${rest}`
  );
}

/** "8 s", "3 min", "1 h 20 min". */
export function describeSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
