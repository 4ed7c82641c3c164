import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';
import { preferredNode } from './rendezvous.js';
import { EVERY_NODE, nodeDocuments, nodeOf, type NodeDocument, type NodeSelf } from './show-node.js';

/** Which nodes live, and whose a key is, as somebody sees it. */
export interface NodeSight {
  live(): readonly NodeSelf[];
  /** Null: no node that lives serves this key. */
  preferred(key: string): string | null;
}

const LOOK_EVERY_MS = 100;

/**
 * The nodes that show within a term that they live, for whoever comes, looks once and goes. Returns as soon as all have, or
 * when `signal` is aborted: then those that have not shown it yet count as living, since nothing else was seen.
 */
export async function watchNodes(db: mongo.Db, clock: Clock, termMs: number, signal?: AbortSignal): Promise<NodeSight> {
  const begunMs = clock.monotonic();
  const first = new Map((await readNodes(db)).map(({ _id, beat }) => [_id, beat]));
  for (;;) {
    const now = await readNodes(db);
    const quiet = now.filter(({ _id, beat }) => first.get(_id) === beat);
    if (quiet.length === 0 || signal?.aborted) return sightOf(now);
    if (clock.monotonic() - begunMs >= termMs) return sightOf(now.filter((node) => !quiet.includes(node)));
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}

function readNodes(db: mongo.Db): Promise<NodeDocument[]> {
  return nodeDocuments(db).find(EVERY_NODE).toArray();
}

function sightOf(documents: readonly NodeDocument[]): NodeSight {
  const nodes = documents.map(({ _id, serves, startedAt }) => ({ id: nodeOf(_id), serves, startedAt }));
  return {
    live: () => nodes,
    preferred: (key) =>
      preferredNode(
        key,
        nodes.filter(({ serves }) => serves.includes(key)).map(({ id }) => id),
      ),
  };
}
