import { InvalidArgumentError } from 'commander';

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a duration such as `0`, `30m`, `24h` or `7d` as milliseconds. */
export function duration(text: string): number {
  const match = /^(\d{1,9})(ms|s|m|h|d)?$/.exec(text);
  const unit = match?.[2] as keyof typeof UNITS | undefined;
  if (match && (unit !== undefined || match[1] === '0')) return Number(match[1]) * (unit ? UNITS[unit] : 1);
  throw new InvalidArgumentError('It must be a duration, such as 0, 30m, 24h or 7d.');
}
