import { InvalidArgumentError } from 'commander';

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(\d{1,6})(s|m|h|d)$/;

/** Reads `90s`, `30m`, `24h` or `7d` as milliseconds; `0s` is none. */
export function duration(text: string): number {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count === undefined || unit === undefined) {
    throw new InvalidArgumentError('It must be a whole number with s, m, h or d after it, such as 24h.');
  }
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}
