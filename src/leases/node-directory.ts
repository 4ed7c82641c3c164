import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { preferredNode } from './rendezvous.js';
import { EVERY_NODE, nodeDocuments, nodeOf, type NodeDocument, type NodeSelf } from './show-node.js';

/** A node that lives, as seen from here. */
export interface LiveNode extends NodeSelf {
  /** Seen living for a term, or there before this process looked: keys are given to it. */
  readonly isSettled: boolean;
}

interface Sight extends NodeSelf {
  readonly beat: number;
  /** How long its beat was watched standing still. */
  readonly stillMs: number;
  readonly livesSinceMs: number;
}

/** Terms after which the document of a dead node is removed. */
const FORGOTTEN_AFTER_TERMS = 10;

interface DirectoryOptions {
  readonly db: mongo.Db;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly termMs: number;
  /** The node that looks, when it is one: it lives whatever is stored. */
  readonly self?: NodeSelf;
}

/**
 * Which nodes live, by their beats and our own monotonic clock alone, as with leases. A node seen for the first time counts
 * as living until its beat stood still for a term. Time in which nobody looked (a database away, a process stopped) counts
 * for half a term at most: whoever wakes up takes nobody for dead before looking again.
 */
export class NodeDirectory {
  #sights = new Map<string, Sight>();
  /** Moment of the last look that was answered. */
  #lookedAtMs: number | null = null;

  constructor(private readonly options: DirectoryOptions) {}

  /** Call it several times a term. Rejects when the database does not answer: then what was known stays. */
  async look(): Promise<void> {
    const { db, clock, termMs, self } = this.options;
    const stored = await nodeDocuments(db).find(EVERY_NODE).toArray();
    const nowMs = clock.monotonic();
    const watchedMs = Math.min(nowMs - (this.#lookedAtMs ?? nowMs), termMs / 2);
    const livesSinceMs = this.#lookedAtMs === null ? -Infinity : nowMs;
    const others = stored.filter(({ _id }) => nodeOf(_id) !== self?.id);
    const sights = others.map((document) => {
      const before = this.#sights.get(nodeOf(document._id));
      return before ? seeAgain(before, document, { nowMs, watchedMs, termMs }) : seeFirst(document, livesSinceMs);
    });
    this.#sights = new Map(sights.map((sight) => [sight.id, sight]));
    this.#lookedAtMs = nowMs;
    // Compared by what is deleted: a node that woke up in between stays.
    const forgotten = others.filter(
      ({ _id }) => (this.#sights.get(nodeOf(_id))?.stillMs ?? 0) >= FORGOTTEN_AFTER_TERMS * termMs,
    );
    for (const { _id, beat } of forgotten) await nodeDocuments(db).deleteOne({ _id, beat });
  }

  /** As of the last look. */
  live(): readonly LiveNode[] {
    const { termMs, self } = this.options;
    const lookedAtMs = this.#lookedAtMs ?? 0;
    const others = [...this.#sights.values()]
      .filter(({ stillMs }) => stillMs < termMs)
      .map(({ id, serves, startedAt, livesSinceMs }) => ({
        ...{ id, serves, startedAt },
        isSettled: lookedAtMs - livesSinceMs >= termMs,
      }));
    return self ? [{ ...self, isSettled: true }, ...others] : others;
  }

  /**
   * The node that a key belongs to among those that live and serve it; null when none does. One that came or came back
   * counts once it is settled, for everybody at about the same moment: keys do not flap with it, and requests go to it when
   * it gets its keys. Where no other is left, it counts at once.
   */
  preferred(key: string): string | null {
    const serving = this.live().filter(({ serves }) => serves.includes(key));
    const settled = serving.filter(({ isSettled }) => isSettled);
    return preferredNode(
      key,
      (settled.length > 0 ? settled : serving).map(({ id }) => id),
    );
  }
}

function seeFirst({ _id, beat, serves, startedAt }: NodeDocument, livesSinceMs: number): Sight {
  return { id: nodeOf(_id), serves, startedAt, beat, stillMs: 0, livesSinceMs };
}

function seeAgain(
  before: Sight,
  document: NodeDocument,
  { nowMs, watchedMs, termMs }: { nowMs: number; watchedMs: number; termMs: number },
): Sight {
  if (before.beat === document.beat) return { ...before, stillMs: before.stillMs + watchedMs };
  const wasDead = before.stillMs >= termMs;
  return seeFirst(document, wasDead ? nowMs : before.livesSinceMs);
}
