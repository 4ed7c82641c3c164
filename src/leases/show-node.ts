import type { mongo } from 'mongoose';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import type { RenewalOptions } from './lease-renewal.js';

/** A process that takes work, in `leases`. */
export interface NodeDocument {
  _id: string;
  /** Raised three times a term for as long as the process lives. */
  beat: number;
  /** Keys it can work for. */
  serves: readonly string[];
  /** For people. */
  startedAt: Date;
}

/** A node as it introduces itself. */
export interface NodeSelf {
  /** As in the leases it holds: a name that no other process ever has. */
  readonly id: string;
  readonly serves: readonly string[];
  readonly startedAt: Date;
}

const PREFIX = 'node:';
/** Every id that begins with the prefix: `;` comes right after `:`. */
export const EVERY_NODE = { _id: { $gte: PREFIX, $lt: 'node;' } };

/** Where nodes show themselves. */
export function nodeDocuments(db: mongo.Db): mongo.Collection<NodeDocument> {
  return db.collection<NodeDocument>('leases');
}

/** The document's id of a node. */
export function nodeDocumentId(id: string): string {
  return PREFIX + id;
}

/** The node of a document's id. */
export function nodeOf(documentId: string): string {
  return documentId.slice(PREFIX.length);
}

/**
 * Shows that this node lives, three times a term, until `signal` is aborted; then takes its document away, so that nobody
 * waits for its death.
 */
export async function showNode(
  { db, clock, log, termMs }: RenewalOptions,
  { id, serves, startedAt }: NodeSelf,
  signal: AbortSignal,
): Promise<void> {
  const _id = nodeDocumentId(id);
  await repeat(
    clock,
    termMs / 3,
    signal,
    () => nodeDocuments(db).updateOne({ _id }, { $set: { serves, startedAt }, $inc: { beat: 1 } }, { upsert: true }),
    (error) => log.warn({ node: id, error: messageOf(error) }, 'could not show that this node lives'),
  ).ended;
  try {
    await nodeDocuments(db).deleteOne({ _id });
  } catch (error) {
    log.warn({ node: id, error: messageOf(error) }, 'could not sign this node off; others see its end in a term');
  }
}
