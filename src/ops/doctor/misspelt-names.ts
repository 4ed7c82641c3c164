/** A name that has no effect, and the one that was probably meant; null where none is near. */
export interface MisspeltName {
  readonly name: string;
  readonly meant: string | null;
}

/** Shorter names are near to too much: HOME is two letters from HOST. */
const LEAST_LENGTH = 8;
/** From this length on two letters may differ, below it one. */
const LENGTH_FOR_TWO = 10;

/** Of the known names, the one that a name is a letter or two away from; null where there is none. */
export function nearestName(name: string, known: readonly string[]): string | null {
  let nearest: { readonly name: string; readonly distance: number } | null = null;
  for (const one of known) {
    if (one.length < LEAST_LENGTH) continue;
    const most = one.length < LENGTH_FOR_TWO ? 1 : 2;
    const distance = Math.abs(one.length - name.length) > most ? Infinity : lettersBetween(name, one);
    if (distance <= most && distance < (nearest?.distance ?? Infinity)) nearest = { name: one, distance };
  }
  return nearest?.name ?? null;
}

/** Whether a name begins with the first word of a known one, as ALERT_URL does with that of ALERT_HOLD_MS. */
export function sharesFirstWord(name: string, known: readonly string[]): boolean {
  const [word = ''] = name.split('_');
  return word !== name && known.some((one) => one.startsWith(`${word}_`));
}

/** Letters to put in, leave out or change to make one text of the other (Levenshtein). */
function lettersBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let line = 1; line <= one.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = (row[column - 1] ?? 0) + (one[line - 1] === other[column - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
