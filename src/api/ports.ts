import type { FieldValue } from '../domain-kit/field.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { WishOutcome } from '../transactions/fulfil-wish.js';
import type { Wish } from '../transactions/managed-transaction.js';
import type { SignerView } from '../transactions/signer-view.js';

/** What the API needs of layers that it does not import; src/app wires them. */

/** The one door through which a transaction's events reach the ledger, for the API's own transactions. */
export interface OwnTransactionDoor {
  /** Fetches the transaction, inserts the records of its events and wakes whoever projects them. */
  ingest(signature: string, slot: number): Promise<void>;
  /** Waits until every record of the transaction is in the documents. */
  waitApplied(signature: string, timeoutMs: number): Promise<'applied' | 'timeout'>;
}

/** How one program is doing. Null is unknown. */
export interface ProgramReading {
  readonly name: string;
  /** Whether somebody listens to it: its log subscription is live. */
  readonly connected: boolean;
  /** The newest slot of which an event was seen. */
  readonly lastSlot: number | null;
  /** The slot up to which everything was scanned. */
  readonly frontier: number | null;
  /** Finalized head − frontier. */
  readonly lag: number | null;
  /** Why the frontier did not move at the last sweep: `database-failed`, `history-missing`, `unreachable`, … */
  readonly sweepStopped: string | null;
  /** Slots on top of confirmed that an event waits before it is applied. */
  readonly confirmations: number | null;
  /** So much of what was confirmed is unknown to the chain that nothing is rolled back. */
  readonly massSuspicion: { readonly suspects: number; readonly asked: number } | null;
  /** The documents hold what another version of the module made: `npm run replay`. */
  readonly replayNeeded?: { readonly documents: number; readonly module: number } | null;
}

export interface HealthReadings {
  /** The database answers. */
  readonly database: boolean;
  readonly programs: readonly ProgramReading[];
}

/** Reads how the system is doing. It should answer within a second or two, also when what it asks does not. */
export interface HealthSource {
  read(): Promise<HealthReadings>;
}

/** What became of the retry of something dead. */
export type RetryAnswer =
  | { readonly kind: 'recovered'; readonly events: number }
  | { readonly kind: 'revived' }
  | { readonly kind: 'still-dead'; readonly reason: string; readonly detail: string; readonly attempts: number }
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-installed'; readonly program: string };

/** Tries something that could not be decoded, fetched or handled once more. */
export type RetryDead = (id: string) => Promise<RetryAnswer>;

/** A document as of a slot, with the records that made it. */
export interface DocumentTrail {
  /** Null: not open at that slot. */
  readonly fields: Readonly<Record<string, FieldValue>> | null;
  readonly entries: readonly {
    readonly at: string;
    readonly record: LedgerRecord;
    readonly effect: 'opened' | 'changed' | 'closed';
    readonly changes: ReadonlyMap<
      string,
      { readonly before: FieldValue | undefined; readonly after: FieldValue | undefined }
    >;
  }[];
  readonly total: number;
  readonly hasMore: boolean;
  readonly orphaned: readonly LedgerRecord[];
  readonly waiting: readonly LedgerRecord[];
  readonly stored: boolean;
  readonly frontier: { readonly since: number; readonly slot: number } | null;
}

/** Computes the trail of a document of a collection; null when nobody ever heard of it. */
export type ReadTrail = (
  collection: string,
  key: string,
  query: {
    readonly atSlot: number | null;
    readonly limit: number;
    readonly after: readonly [at: string, id: string] | null;
  },
) => Promise<DocumentTrail | null>;

/** changes: what was touched or is suspect, and a share of the rest. */
export const RECONCILE_SCOPES = ['everything', 'changes'] as const;
/** interrupted: the process was stopped, killed or lost its lease. */
export const RECONCILE_STATES = ['requested', 'running', 'done', 'failed', 'interrupted'] as const;

/** A run of reconcile, as far as the API needs to know it. */
export type ReconcileRunView = Readonly<Record<string, unknown>> & { readonly id: string; readonly requestedAt: Date };

/** Comparisons of MongoDB with the chain. */
export interface ReconcileRuns {
  /** Newest first. `after`: the time (ISO 8601) and id of the last one of the page before. */
  list(
    filter: { readonly program?: string; readonly state?: string },
    limit: number,
    after: readonly [requestedAt: string, id: string] | null,
  ): Promise<readonly ReconcileRunView[]>;
  read(id: string): Promise<ReconcileRunView | null>;
  /** Asks for a run; gives the one that was asked for already, where none has begun since. */
  request(program: string, scope: (typeof RECONCILE_SCOPES)[number]): Promise<ReconcileRunView>;
}

/** Who signs, and what an operator can do about them. */
export interface SignerOperations {
  list(): Promise<readonly SignerView[]>;
  /** Null: nobody serves it and nothing names it. */
  read(address: string): Promise<SignerView | null>;
  /** Nothing new is signed with it from now on. */
  pause(address: string, reason: string): Promise<void>;
  /** Takes the pause back, if there is one. */
  resume(address: string): Promise<void>;
}

/** Leaves a wish for whoever works on a request, and says what became of it; null: there is no such request. */
export type FulfilWish = (id: string, wish: Wish, waitMs: number) => Promise<WishOutcome | null>;
