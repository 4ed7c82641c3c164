import type { TellableAlert } from '../alert-store.js';

/**
 * What a channel is owed: `tell` a state it does not know, `remind` of one that goes on, or nothing. Of an alert that was
 * over before the channel was tried at all (it is new) nothing is owed. `remindMs` 0: never reminded.
 */
export function owed({ alert, told }: TellableAlert, nowMs: number, remindMs: number): 'tell' | 'remind' | null {
  if (told?.nextAt && told.nextAt.getTime() > nowMs) return null;
  const isFiring = alert.state === 'firing';
  if (told?.since?.getTime() !== alert.since.getTime()) return isFiring || told ? 'tell' : null;
  const lastMs = told.at?.getTime() ?? nowMs;
  return isFiring && remindMs > 0 && nowMs - lastMs >= remindMs ? 'remind' : null;
}

/** What a message is known by: the same when it is tried again, another one for each reminder. */
export function messageId({ alert, told }: TellableAlert, what: 'tell' | 'remind'): string {
  const id = `${alert.id}/${alert.state}/${alert.since.getTime()}`;
  return what === 'remind' ? `${id}/${told?.at?.getTime() ?? 0}` : id;
}
