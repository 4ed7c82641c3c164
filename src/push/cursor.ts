import type { Commit, CommitHead } from '../ledger/commit-log.js';

/** The next commit of a program to be told of, and how many of its messages have been told already. */
export interface Position {
  readonly next: number;
  readonly skip: number;
  /** Of the last commit that anything was told of: `next` itself where `skip` is not 0, else the one before it. */
  readonly mark: string;
}

/** Where somebody stands in the commits of every program. */
export type Positions = ReadonlyMap<string, Position>;

const MAX_PROGRAMS = 100;
const MAX_LENGTH = 10_000;

/** Positions as clients keep them: opaque, and good for every process of the API. */
export function encodeCursor(positions: Positions): string {
  const entries = [...positions].map(([program, { next, skip, mark }]) => [program, next, skip, mark]);
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
    if (!Array.isArray(entry) || entry.length !== 4) return null;
    const [program, next, skip, mark] = entry as unknown[];
    if (typeof program !== 'string' || !isCount(next) || next < 1 || !isCount(skip)) return null;
    if (typeof mark !== 'string') return null;
    positions.set(program, { next, skip, mark });
  }
  return positions;
}

/** Behind everything there is. */
export function behind({ number, mark }: CommitHead): Position {
  return { next: number + 1, skip: 0, mark };
}

/** Was what was told until `position` told from the log that has this commit as its next one? */
export function leadsTo({ next, skip, mark }: Position, commit: Pick<Commit, 'number' | 'mark' | 'after'>): boolean {
  return commit.number === next && (skip > 0 ? commit.mark : commit.after) === mark;
}

/** How many commits there are from one place to the other, of all programs that have both. */
export function commitsBetween(from: Positions, until: Positions): number {
  const each = [...from].map(([program, { next }]) => Math.max(0, (until.get(program)?.next ?? next) - next));
  return each.reduce((sum, one) => sum + one, 0);
}

/** Is `one` further than `other`? */
export function isAhead(one: Pick<Position, 'next' | 'skip'>, other: Pick<Position, 'next' | 'skip'>): boolean {
  return one.next > other.next || (one.next === other.next && one.skip > other.skip);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
