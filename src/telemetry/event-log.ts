import type { Log } from '../lib/log.js';

/** What every line about a chain event carries. */
export interface LoggedEvent {
  readonly program: string;
  readonly name: string;
  readonly signature: string;
  readonly slot: number;
  readonly data: unknown;
}

/** Says that an event arrived: signature, slot, event and data as fields of their own. */
export function logEvent(log: Log, event: LoggedEvent): void {
  const { program, name, signature, slot, data } = event;
  log.info({ program, event: name, signature, slot, data }, `chain event ${name}`);
}
