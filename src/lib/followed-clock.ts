import type { Clock } from './clock.js';

/** What another clock showed at some moment between asking and answering, both on our own monotonic clock. */
export interface TimeReading {
  readonly theirMs: number;
  readonly askedMs: number;
  readonly answeredMs: number;
}

/** Kept, the newest: the answer that came fastest says most, and one that came slowly does not spoil it. */
const KEPT_READINGS = 5;
/** By how much one clock may run faster than another one while nobody looks: what NTP lets a clock be slewed by. */
const MAX_DRIFT = 500e-6;
/** They show whole milliseconds. */
const GRAIN_MS = 1;

/**
 * Shows the time of another clock, as far as that is certain: it may be a little behind that one, never ahead of it, however
 * wrong our own is. What is to happen by that clock, and not before, is decided by it. Our own, until the first reading.
 */
export class FollowedClock implements Clock {
  #readings: readonly TimeReading[] = [];

  constructor(private readonly own: Clock) {}

  /** Another reading. Those before it that it proves wrong are forgotten: the other clock was set back, or is another one. */
  take(reading: TimeReading): void {
    const latest = reading.theirMs + GRAIN_MS - reading.askedMs;
    const before = this.#readings.filter(({ theirMs, answeredMs }) => theirMs - answeredMs <= latest);
    this.#readings = [...before, reading].slice(-KEPT_READINGS);
  }

  now(): number {
    const nowMs = this.own.monotonic();
    const surely = ({ theirMs, answeredMs }: TimeReading) => theirMs + (nowMs - answeredMs) * (1 - MAX_DRIFT);
    return this.#readings.length === 0 ? this.own.now() : Math.floor(Math.max(...this.#readings.map(surely)));
  }

  monotonic(): number {
    return this.own.monotonic();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.own.sleep(ms, signal);
  }
}

/** By how much our clock is surely ahead of the other one, negative where it is behind; 0 where it may be right. */
export function aheadMs({ theirMs, askedMs, answeredMs }: TimeReading, own: Pick<Clock, 'now' | 'monotonic'>): number {
  const [nowMs, monotonicMs] = [own.now(), own.monotonic()];
  const ahead = nowMs - (theirMs + GRAIN_MS + monotonicMs - askedMs);
  const behind = theirMs + monotonicMs - answeredMs - nowMs;
  if (ahead > 0) return ahead;
  return behind > 0 ? -behind : 0;
}
