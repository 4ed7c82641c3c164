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

/** Filter for documents that are marked as orphaned, by whomever. */
export const THAT_ARE_ORPHANED = { '_mooring.orphaned': { $ne: null } } as const;

/** As `THAT_COUNT`, for a document in hand. */
export function doesCount(stored: object): boolean {
  return markOf(stored).closed !== true && !isOrphaned(stored);
}

/** As `THAT_ARE_ORPHANED`, for a document in hand. */
export function isOrphaned(stored: object): boolean {
  return (markOf(stored).orphaned ?? null) !== null;
}

/** Whether mooring has written to a document: of several with one address that one is the account's. */
export function isWritten(stored: object): boolean {
  return typeof markOf(stored).at === 'string';
}

/** The mark of a stored document. Whatever somebody else put in its place says nothing. */
export function markOf(stored: object): DocumentMark {
  const { _mooring: mark } = stored as { readonly _mooring?: unknown };
  return isMark(mark) ? mark : {};
}

/** False: there is something in the mark's place into which none can be written. */
export function hasRoomForMark(stored: object): boolean {
  const { _mooring: mark } = stored as { readonly _mooring?: unknown };
  return mark === undefined || isMark(mark);
}

function isMark(value: unknown): value is DocumentMark {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** The field by which a model's documents are told apart: the address of a state, the event id of a fact. */
export function keyFieldOf(model: Model): string {
  return model.kind === 'state' ? model.keyField : '_id';
}
