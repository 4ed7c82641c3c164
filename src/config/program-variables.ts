import { MAX_TIMER_MS } from '../lib/clock.js';
import { wholeFrom } from './variable.js';

/** Beyond this a typing error is likelier than a wish: 32 slots on top of confirmed are final, 10,000 take over an hour. */
const MOST_CONFIRMATIONS = 10_000;
/** The most signatures that an endpoint gives at once (getSignaturesForAddress). */
const LARGEST_PAGE = 1_000;

/**
 * What may be set for all programs as `<variable>`, and for one as `<PROGRAM>_<variable>`. `fallback` holds where neither is
 * set and the module says nothing.
 */
export const PROGRAM_VARIABLES = {
  historyPageSize: { variable: 'HISTORY_PAGE_SIZE', fallback: 1_000, min: 1, max: LARGEST_PAGE },
  confirmations: { variable: 'CONFIRMATIONS', fallback: 0, min: 0, max: MOST_CONFIRMATIONS },
  handlerAttempts: { variable: 'HANDLER_ATTEMPTS', fallback: 3, min: 1, max: 100 },
  handlerBackoffMs: { variable: 'HANDLER_BACKOFF_MS', fallback: 1_000, min: 0, max: MAX_TIMER_MS },
  alertCheckIntervalMs: { variable: 'ALERT_CHECK_INTERVAL_MS', fallback: 30_000, min: 50, max: MAX_TIMER_MS },
  alertOnErrorCount: { variable: 'ALERT_ON_ERROR_COUNT', fallback: 5, min: 1, max: 1_000_000 },
  pollingIntervalMs: { variable: 'POLLING_INTERVAL_MS', fallback: 12_000, min: 50, max: MAX_TIMER_MS },
} as const;

/** One of the settings that a program may have for itself. */
export type ProgramSettingName = keyof typeof PROGRAM_VARIABLES;

/** The names of all of them. */
export const PROGRAM_SETTING_NAMES = Object.keys(PROGRAM_VARIABLES) as ProgramSettingName[];

const OF_ONE_PROGRAM = new RegExp(
  `^[A-Z0-9_]+_(${Object.values(PROGRAM_VARIABLES)
    .map(({ variable }) => variable)
    .join('|')})$`,
);

/** The variable of a setting for the program of this name: `STAKE_VAULT_CONFIRMATIONS`. */
export function programVariable(program: string, setting: ProgramSettingName): string {
  return `${program.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}_${PROGRAM_VARIABLES[setting].variable}`;
}

/** Whether a variable has the name of a setting for one program, installed or not. */
export function isProgramVariable(name: string): boolean {
  return OF_ONE_PROGRAM.test(name);
}

/** The value that the text of a variable says, or what it must be instead. */
export function readProgramVariable(
  setting: ProgramSettingName,
  text: string,
): { readonly value: number } | { readonly problem: string } {
  const value = wholeFrom(text);
  return isInRange(setting, value) ? { value } : { problem: `must be ${rangeOf(setting)}` };
}

/** Whether a setting may have this value. */
export function isInRange(setting: ProgramSettingName, value: number): boolean {
  const { min, max } = PROGRAM_VARIABLES[setting];
  return Number.isInteger(value) && value >= min && value <= max;
}

/** What a setting must be, for people. */
export function rangeOf(setting: ProgramSettingName): string {
  const { min, max } = PROGRAM_VARIABLES[setting];
  return `a whole number from ${min} to ${max}`;
}
