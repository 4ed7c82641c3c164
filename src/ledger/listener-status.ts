import type { mongo } from 'mongoose';
import type { ReplayNeeded } from './projection-version.js';

/** What the process that follows a program says of itself, for processes that serve it. */
export interface ListenerStatus {
  readonly program: string;
  readonly holder: string;
  readonly isListening: boolean;
  readonly subscriptionId: string | null;
  readonly reconnectAttempts: number;
  /** Newest slot the socket spoke of. */
  readonly lastSlot: number | null;
  readonly confirmedSlot: number | null;
  readonly finalizedSlot: number | null;
  readonly frontierSlot: number | null;
  /** Finalized head minus frontier; null before both are known. */
  readonly lagSlots: number | null;
  /** Why the last sweep left the frontier where it was; null when it moved. */
  readonly sweepStopped: string | null;
  /** Attempts of handlers that failed since the last one that did not; null before the worker tried any. */
  readonly errorsInARow: number | null;
  /** Slots on top of confirmed that an event waits before it is applied. */
  readonly confirmations: number;
  /** So much of what was confirmed is unknown to the chain that nothing is rolled back; null when all is well. */
  readonly massSuspicion: { readonly suspects: number; readonly asked: number } | null;
  /** The documents hold what another version of the module made; null when not. */
  readonly replayNeeded: ReplayNeeded | null;
  readonly updatedAt: Date;
}

/** A status older than this is nobody's: its process hangs or is gone. Milliseconds. */
export const STATUS_STALE_MS = 15_000;

type StoredStatus = { _id: string } & Omit<ListenerStatus, 'program'>;

function statuses(db: mongo.Db): mongo.Collection<StoredStatus> {
  return db.collection<StoredStatus>('leases');
}

/** Publishes the status of the listener of one program. */
export async function writeListenerStatus(db: mongo.Db, { program, ...status }: ListenerStatus): Promise<void> {
  await statuses(db).replaceOne({ _id: `listener:${program}` }, status, { upsert: true });
}

/** The last published status, however old; null when none was ever. */
export async function readListenerStatus(db: mongo.Db, program: string): Promise<ListenerStatus | null> {
  const stored = await statuses(db).findOne({ _id: `listener:${program}` });
  if (!stored) return null;
  const { _id, ...status } = stored;
  return { program, ...status };
}
