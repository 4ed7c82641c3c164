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
