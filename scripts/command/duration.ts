import { InvalidArgumentError } from 'commander';

const UNITS_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** No more digits than leave a moment that a Date can hold. */
const DURATION = /^(\d{1,6})(ms|s|m|h|d)$/;

/** Reads `0`, `250ms`, `90s`, `30m`, `24h` or `7d` as milliseconds. @throws InvalidArgumentError */
export function duration(text: string): number {
  if (text === '0') return 0;
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
  throw new InvalidArgumentError('It must be a duration, such as 0, 90s, 30m, 24h or 7d.');
}
