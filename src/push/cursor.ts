/** The next commit of a program to be told of, and how many of its messages have been told already. */
export interface Position {
  readonly next: number;
  readonly skip: number;
}

/** Where somebody stands in the commits of every program. */
export type Positions = ReadonlyMap<string, Position>;

const MAX_PROGRAMS = 100;
const MAX_LENGTH = 10_000;

/** Positions as clients keep them: opaque, and good for every process of the API. */
export function encodeCursor(positions: Positions): string {
  const entries = [...positions].map(([program, { next, skip }]) => [program, next, skip]);
  return Buffer.from(JSON.stringify(entries)).toString('base64url');
}

/** The positions in a cursor; null for what is none. */
export function decodeCursor(cursor: unknown): Positions | null {
  if (typeof cursor !== 'string' || cursor.length > MAX_LENGTH) return null;
  let entries: unknown;
  try {
    entries = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
  if (!Array.isArray(entries) || entries.length > MAX_PROGRAMS) return null;
  const positions = new Map<string, Position>();
  for (const entry of entries as unknown[]) {
    if (!Array.isArray(entry) || entry.length !== 3) return null;
    const [program, next, skip] = entry as unknown[];
    if (typeof program !== 'string' || !isCount(next) || next < 1 || !isCount(skip)) return null;
    positions.set(program, { next, skip });
  }
  return positions;
}

/** Is `one` further than `other`? */
export function isAhead(one: Position, other: Position): boolean {
  return one.next > other.next || (one.next === other.next && one.skip > other.skip);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
