import type { mongo } from 'mongoose';
import { readCommits, readVersions, type Commit } from '../ledger/commit-log.js';
import type { Log } from '../lib/log.js';
import { behind, leadsTo, type Position } from './cursor.js';
import { messagesOf, type OutgoingMessage, type PushingModule } from './messages.js';
import type { ReadTurns } from './read-turns.js';

/** Commits read at once, and the records of them. */
const COMMITS_AT_ONCE = 50;
const RECORDS_AT_ONCE = 500;

/** One commit as it is told. */
export interface ToldCommit {
  readonly number: number;
  readonly mark: string;
  readonly at: Date;
  readonly messages: readonly OutgoingMessage[];
}

/** A commit that is there no more, or is another one than what came before it led to: what it said cannot be told any more. */
export interface LostCommit {
  readonly lost: number;
}

/**
 * The commits from a position to number `to` (inclusive) of a module, one after another; ends at the first that is lost.
 * Each read, with what is made of it, takes a turn of `turns`.
 */
export async function* readMessages(
  source: { readonly db: mongo.Db; readonly log: Log },
  module: PushingModule,
  from: Position,
  to: number,
  turns: ReadTurns,
): AsyncGenerator<ToldCommit | LostCommit> {
  const onBroken = (fields: object) =>
    source.log.error({ program: module.name, ...fields }, 'a push mapping threw; its message is left out');
  let expected = from;
  for (let start = from.next; start <= to; start += COMMITS_AT_ONCE) {
    const end = Math.min(to, start + COMMITS_AT_ONCE - 1);
    const commits = await turns.take(() => readCommits(source.db, module.name, start, end));
    for (const group of bySize(commits)) {
      const told = await turns.take(async () => {
        const records = await readVersions(source.db, group.flatMap(versionsOf));
        return group.map((commit) => ({ commit, messages: messagesOf(module, commit, records, onBroken) }));
      });
      for (const { commit, messages } of told) {
        if (!leadsTo(expected, commit)) break;
        expected = behind(commit);
        const { number, mark, at } = commit;
        yield { number, mark, at, messages };
      }
    }
    if (expected.next <= end) {
      yield { lost: expected.next };
      return;
    }
  }
}

function versionsOf({ entered, left }: Commit): string[] {
  return [...entered, ...left.map(({ version }) => version)];
}

/** Groups whose records are read together; a commit of a large batch is a group of its own. */
function bySize(commits: readonly Commit[]): Commit[][] {
  const groups: Commit[][] = [];
  let size = Infinity;
  for (const commit of commits) {
    const more = versionsOf(commit).length;
    if (size + more > RECORDS_AT_ONCE) {
      groups.push([]);
      size = 0;
    }
    groups.at(-1)?.push(commit);
    size += more;
  }
  return groups;
}
