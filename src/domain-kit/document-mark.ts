import type { Model } from './model.js';

/** Why and since when a document counts as orphaned: it is in MongoDB and nothing on chain makes it. */
export interface OrphanMark {
  readonly since: Date;
  /** As of this finalized slot. */
  readonly slot: number;
  readonly reason: 'no-account' | 'no-event' | 'no-address' | 'duplicate';
  /** Id of the reconcile run that found it. */
  readonly run: string;
}

/** What mooring keeps on a document beside its fields, under `_mooring`. */
export interface DocumentMark {
  /** Order key of the newest step in it. */
  readonly at?: string;
  /** The account is closed: a tombstone. */
  readonly closed?: boolean;
  /** Any later write takes it away. */
  readonly orphaned?: OrphanMark;
}

/** Filter for documents that count: neither tombstones nor orphans. */
export const THAT_COUNT = { '_mooring.closed': { $ne: true }, '_mooring.orphaned': null } as const;

/** Filter for documents that are marked as orphaned. */
export const THAT_ARE_ORPHANED = { '_mooring.orphaned': { $type: 'object' } } as const;

/** As `THAT_COUNT`, for a document in hand. */
export function doesCount(stored: { readonly _mooring?: unknown }): boolean {
  const { closed, orphaned } = (stored._mooring ?? {}) as DocumentMark;
  return closed !== true && !orphaned;
}

/** The field by which a model's documents are told apart: the address of a state, the event id of a fact. */
export function keyFieldOf(model: Model): string {
  return model.kind === 'state' ? model.keyField : '_id';
}
