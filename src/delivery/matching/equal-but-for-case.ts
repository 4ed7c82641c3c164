/** One for all machines: with that of the process, where an event goes would depend on where it is matched. */
const LETTERS = new Intl.Collator('en', { sensitivity: 'accent' });

/** Whether two texts differ in nothing but upper and lower case. Accents count, as for trigger.dev. */
export function equalButForCase(a: string, b: string): boolean {
  return LETTERS.compare(a, b) === 0;
}
