import type { Dispatcher, EventFilter } from '../dispatchers/dispatcher.js';
import type { EventRecord } from '../records/event-record.js';
import type { Mismatch } from './mismatch.js';
import type { JsonObject } from './own-value.js';
import { strictMismatch } from './strict-match.js';
import { triggerMismatch } from './trigger-match.js';

/** What a filter looks at. */
export type Matchable = Pick<EventRecord, 'payload' | 'context'>;

/** How a filter is read. */
export type FilterMode = Dispatcher['filterMode'];

/** Asks of one event whether it fits filters. Their meaning is docs/filters.md. */
export class EventMatcher {
  readonly #event: JsonObject;

  constructor({ payload, context }: Matchable) {
    this.#event = { payload, context };
  }

  /** Whether the event fits. Neither this nor `mismatch` throws, whatever the filter and the event are. */
  matches(filter: EventFilter, mode: FilterMode = 'strict'): boolean {
    return this.mismatch(filter, mode) === null;
  }

  /** Where the event does not fit; null when it does. */
  mismatch(filter: EventFilter, mode: FilterMode = 'strict'): Mismatch | null {
    const pattern = filter as JsonObject;
    return mode === 'strict' ? strictMismatch(this.#event, pattern) : triggerMismatch(this.#event, pattern);
  }
}
