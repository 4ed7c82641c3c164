import { NotCoveredError } from './errors.js';

/** What callers may ask along with a command; durability and read preference mean nothing with one server. */
const MEANINGLESS = new Set(['writeConcern', 'readConcern', 'readPreference', 'maxTimeMS', 'comment', 'hint']);

/** Lets nothing through that would be silently ignored. */
export function checkOptions(options: object | undefined, known: readonly string[]): void {
  for (const [name, value] of Object.entries(options ?? {})) {
    if (value !== undefined && !known.includes(name) && !MEANINGLESS.has(name)) {
      throw new NotCoveredError(`the option ${name}`);
    }
  }
}
