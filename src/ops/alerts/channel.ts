import type { Alert } from '../alert-store.js';

/** What a channel is told: the alert, and whether it is a reminder. */
export interface AlertMessage extends Pick<Alert, 'id' | 'kind' | 'program' | 'state' | 'message' | 'details'> {
  /** The same when it is tried again: whoever gets it twice can tell. */
  readonly messageId: string;
  /** Since when it is in this state. */
  readonly since: Date;
  readonly isReminder: boolean;
}

/** A way to a person. */
export interface AlertChannel {
  /** Under which it is noted what this channel was told. */
  readonly name: string;
  /**
   * Throws when the message did not arrive, with a reason that holds no secret. `giveUp` is aborted when nobody waits for it
   * any more.
   */
  tell(message: AlertMessage, giveUp: AbortSignal): Promise<void>;
}

/** One line for people. */
export function describeAlert({ state, message, since, isReminder }: AlertMessage): string {
  const at = since.toISOString();
  if (state === 'cleared') return `cleared at ${at}: ${message}`;
  return isReminder ? `still firing, since ${at}: ${message}` : `firing since ${at}: ${message}`;
}
