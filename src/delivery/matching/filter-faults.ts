import { pathOf } from './mismatch.js';

/** What is wrong at one place of a filter. */
export interface FilterFault {
  /** `filter.payload.owner[0].$foo`. */
  readonly place: string;
  readonly message: string;
}

/** As many as a person puts right in one go; there may be thousands. */
const MAX_FAULTS = 20;

/** Collects the faults of one filter, the first ones. */
export class FilterFaults {
  readonly #found: FilterFault[] = [];

  get found(): readonly FilterFault[] {
    return this.#found;
  }

  add(keys: readonly (string | number)[], message: string): void {
    if (this.#found.length < MAX_FAULTS) this.#found.push({ place: pathOf(keys), message });
  }
}
