/** An event as an application sends it. */
export interface SendEvent {
  /** The application's own: sent again, it is the same event. */
  readonly id: string;
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>> | undefined;
  /** Unset: `trigger.dev`, as there. */
  readonly source?: string | undefined;
  /** When it happened; unset: now. */
  readonly timestamp?: Date | undefined;
  /** Told as others are, and marked. */
  readonly isTest?: boolean | undefined;
}

/** Of whom an event is, and when it is told. */
export interface SendOptions {
  /** The application's name of an external account; one that is not known is made. */
  readonly accountId?: string | undefined;
  /** Goes before `deliverAfter`. */
  readonly deliverAt?: Date | undefined;
  /** In seconds from when the event is taken in. */
  readonly deliverAfter?: number | undefined;
}

/** The source of an event that names none. */
export const DEFAULT_SOURCE = 'trigger.dev';
/** The source of chain events: nobody else's. */
export const CHAIN_SOURCE = 'chain';

/** When an event is to be told, of two ways to say it the exact one; at once where neither is. */
export function deliverAtOf({ deliverAt, deliverAfter }: SendOptions, now: Date): Date {
  if (deliverAt !== undefined) return deliverAt;
  return deliverAfter === undefined ? now : new Date(now.getTime() + deliverAfter * 1_000);
}
