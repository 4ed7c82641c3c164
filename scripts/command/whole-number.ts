import { InvalidArgumentError } from 'commander';

/** Reads an option's value: digits only, from `least` to `most`. What is anything else is refused with what it must be. */
export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} on` : `${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number from ${range}.`);
  };
}
