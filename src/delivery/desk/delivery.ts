/**
 * waiting: behind an earlier one of its order key. due: to be tried at `dueAt`. delivered, failed (tried too often, or the
 * endpoint is gone) and cancelled (its dispatcher was disabled before) are ends.
 */
export const DELIVERY_STATES = ['waiting', 'due', 'delivered', 'failed', 'cancelled'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Those that are not done. */
export const OPEN_DELIVERY_STATES = ['waiting', 'due'] as const satisfies readonly DeliveryState[];

/** What is kept of the tries, the newest. */
export const MAX_KEPT_ATTEMPTS = 20;

/** One try. Bounded: the last MAX_KEPT_ATTEMPTS are kept. */
export interface DeliveryAttempt {
  readonly number: number;
  readonly at: Date;
  readonly durationMs: number | null;
  /** HTTP status; null: no answer. */
  readonly status: number | null;
  /** First bytes of the answer, as text. */
  readonly response: string | null;
  readonly error: string | null;
}

/** One event on its way to one dispatcher. */
export interface Delivery {
  /** `<recordId>/<dispatcherId>`. */
  readonly _id: string;
  readonly environment: string;
  readonly record: string;
  readonly dispatcher: string;
  /** `webhook-id`, the same for every try of this record: receivers de-duplicate by it. */
  readonly messageId: string;
  readonly eventName: string;
  /** What it is kept in order with, of the same dispatcher; null: nothing. Never empty. */
  readonly orderKey: string | null;
  /** Its place among those of its order key (order-position.ts). */
  readonly position: string;
  readonly desk: number;
  readonly state: DeliveryState;
  readonly dueAt: Date;
  /** A try is under way until then at the latest; null: none is. While it is, `dueAt` is the same moment. */
  readonly claimedUntil: Date | null;
  /** Fence of the claim. */
  readonly claimFence: number | null;
  /** Tries begun, ever. */
  readonly attempts: number;
  /** Of these, those that its schedule does not count: before it was last sent anew, or lost with the process that made them. */
  readonly attemptsBefore: number;
  /** It takes back what was told before, and leaves also when its dispatcher was disabled meanwhile (I7). */
  readonly isFollowUp: boolean;
  /** What it tells was taken back since: it is not sent anew. Left out: no. */
  readonly takenBack?: true;
  /** The run that was made of it last, of a job that is kept in order; null: none is waited for. */
  readonly run: string | null;
  /** Why it failed, was cancelled, or is tried again; null: nothing was wrong so far. */
  readonly error: string | null;
  readonly history: readonly DeliveryAttempt[];
  readonly isTest: boolean;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}
