/** due: waits for `deliverAt`. delivered: a delivery exists for every dispatcher that it reached. */
export type RecordState = 'due' | 'delivered';

/** What happened, as it is told to dispatchers: sent by an application, or by the chain (`source: 'chain'`). */
export interface EventRecord {
  readonly _id: string;
  /** Of the application, or of the chain event; unique within its environment. */
  readonly eventId: string;
  readonly environment: string;
  readonly name: string;
  readonly source: string;
  readonly timestamp: Date;
  /** JSON: what came over HTTP, or a chain event's data with its wide integers as texts. */
  readonly payload: unknown;
  readonly context: unknown;
  /** Id of an external account, ours alone: whoever is told sees the application's name of it. Null: of no account. */
  readonly account: string | null;
  readonly isTest: boolean;
  /** Of a chain event: told as confirmed, as final, or as dropped by a fork. Null: not from the chain. */
  readonly commitment: 'confirmed' | 'finalized' | 'orphaned' | null;
  /** The record that this one takes back: it goes to whoever was told of that one. */
  readonly follows: string | null;
  /** A fork dropped what it tells, and whoever was told of it is told so: nobody is told of it any more. Left out: no. */
  readonly takenBack?: true;
  readonly state: RecordState;
  readonly deliverAt: Date;
  readonly deliveredAt: Date | null;
  /** The desk that takes it (desk-number.ts). */
  readonly desk: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
