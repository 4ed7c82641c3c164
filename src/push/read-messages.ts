import type { mongo } from 'mongoose';
import { readCommits, readVersions, type Commit } from '../ledger/commit-log.js';
import type { Log } from '../lib/log.js';
import { messagesOf, type OutgoingMessage, type PushingModule } from './messages.js';

/** Commits read at once, and the records of them. */
const COMMITS_AT_ONCE = 50;
const RECORDS_AT_ONCE = 500;

/** One commit as it is told. */
export interface ToldCommit {
  readonly number: number;
  readonly at: Date;
  readonly messages: readonly OutgoingMessage[];
}

/** A commit that is there no more: what it said cannot be told any more. */
export interface LostCommit {
  readonly lost: number;
}

/** The commits `from` to `to` (both inclusive) of a module, one after another; ends at the first one that is lost. */
export async function* readMessages(
  source: { readonly db: mongo.Db; readonly log: Log },
  module: PushingModule,
  from: number,
  to: number,
): AsyncGenerator<ToldCommit | LostCommit> {
  const onBroken = (fields: object) =>
    source.log.error({ program: module.name, ...fields }, 'a push mapping threw; its message is left out');
  for (let start = from; start <= to; start += COMMITS_AT_ONCE) {
    const end = Math.min(to, start + COMMITS_AT_ONCE - 1);
    const commits = await readCommits(source.db, module.name, start, end);
    let expected = start;
    for (const group of bySize(commits)) {
      const records = await readVersions(source.db, group.flatMap(versionsOf));
      for (const commit of group) {
        if (commit.number !== expected) break;
        expected += 1;
        yield { number: commit.number, at: commit.at, messages: messagesOf(module, commit, records, onBroken) };
      }
    }
    if (expected <= end) {
      yield { lost: expected };
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
