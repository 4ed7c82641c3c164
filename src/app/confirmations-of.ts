import type { Config } from '../config/env.js';

/** Slots that must have passed on top of confirmed before an event of this program is applied. */
export function confirmationsOf(
  { confirmations, programConfirmations }: Pick<Config, 'confirmations' | 'programConfirmations'>,
  program: string,
): number {
  const own: Readonly<Record<string, number | undefined>> = programConfirmations;
  return own[program] ?? confirmations;
}
