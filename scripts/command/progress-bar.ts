import { describeSeconds } from './describe-seconds.js';

/** How often a terminal's line is drawn again, and a line is printed into a pipe, in milliseconds. */
const EVERY_MS = { terminal: 250, pipe: 5_000 };
/** Cells of the bar. */
const BAR_WIDTH = 24;
/** Of a terminal that does not say how wide it is. */
const USUAL_COLUMNS = 80;
/** Below this a rate says more about the first moment than about the work, in milliseconds. */
const LEAST_MEASURED_MS = 1_000;

/** Where progress is shown: process.stderr. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** How far something is. */
export interface Progress {
  readonly done: number;
  /** Null where nobody knows how much there is. */
  readonly total: number | null;
  /** What is being done, and what came of it so far. */
  readonly detail?: string;
}

/**
 * Shows how far a command is: on a terminal one line that is drawn again and again, elsewhere a plain line every 5
 * seconds. Where nothing is shown to it, or nothing changes, it says nothing; into a pipe, neither does it of what is
 * over sooner than that.
 */
export class ProgressBar {
  #shownAt: number;
  /** Where the rate is counted from: what an earlier run did says nothing about this one. */
  #base: { readonly done: number; readonly at: number } | undefined;
  #newest: Progress | undefined;
  #text = '';
  #wrote = false;

  /** `now` is a monotonic clock in milliseconds, `unit` what is counted, such as "accounts". */
  constructor(
    private readonly out: ProgressOutput,
    private readonly now: () => number,
    private readonly unit: string,
  ) {
    this.#shownAt = out.isTTY ? -Infinity : now();
  }

  show(progress: Progress): void {
    const now = this.now();
    const isAnother = progress.total !== this.#newest?.total || progress.done < this.#newest.done;
    if (!this.#base || isAnother) this.#base = { done: progress.done, at: now };
    this.#newest = progress;
    if (now - this.#shownAt >= (this.out.isTTY ? EVERY_MS.terminal : EVERY_MS.pipe)) this.#draw(now);
  }

  /** Shows the last of it, where any of it was shown, and leaves the line. What comes then begins anew. */
  end(): void {
    const now = this.now();
    if (this.#wrote) {
      this.#draw(now);
      if (this.out.isTTY) this.out.write('\n');
    }
    this.#wrote = false;
    this.#base = this.#newest = undefined;
    this.#text = '';
    this.#shownAt = this.out.isTTY ? -Infinity : now;
  }

  #draw(now: number): void {
    if (!this.#newest || !this.#base) return;
    const progress = this.#newest;
    const seconds = (now - this.#base.at) / 1_000;
    const rate =
      seconds * 1_000 >= LEAST_MEASURED_MS && progress.done > this.#base.done
        ? (progress.done - this.#base.done) / seconds
        : null;
    this.#shownAt = now;
    const text = this.out.isTTY
      ? this.#line(progress, rate).slice(0, (this.out.columns ?? USUAL_COLUMNS) - 1)
      : describeProgress(progress, this.unit, rate);
    const isNews = text !== this.#text;
    this.#text = text;
    if (!isNews) return;
    // Carriage return, and clear to the end of the line. What is wider than the terminal could not be drawn over.
    this.out.write(this.out.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    this.#wrote = true;
  }

  #line(progress: Progress, rate: number | null): string {
    const text = describeProgress(progress, this.unit, rate);
    if (progress.total === null) return text;
    const filled = Math.round(shareOf(progress.done, progress.total) * BAR_WIDTH);
    return `${'━'.repeat(filled)}${'─'.repeat(BAR_WIDTH - filled)} ${text}`;
  }
}

/** "42 %, 420 of 1000 accounts, 12/s, about 48 s left; what else there is to say". */
export function describeProgress(progress: Progress, unit: string, perSecond: number | null): string {
  const { done, total, detail } = progress;
  const share = total === null ? '' : `${Math.floor(shareOf(done, total) * 100)} %, `;
  const counted = total === null ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
  const rate = perSecond === null ? '' : `, ${perSecond < 10 ? perSecond.toFixed(1) : Math.round(perSecond)}/s`;
  const left =
    perSecond === null || total === null || done >= total
      ? ''
      : `, about ${describeSeconds((total - done) / perSecond)} left`;
  return `${share}${counted}${rate}${left}${detail ? `; ${detail}` : ''}`;
}

/** More than everything is everything: a total may be counted before the last of it came. */
function shareOf(done: number, total: number): number {
  return total === 0 ? 1 : Math.min(1, done / total);
}
