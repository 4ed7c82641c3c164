import type { Entry } from './table.js';

/** A transaction as the server knows it. */
export class ServerTransaction {
  /** In the order they were first written. */
  readonly written = new Map<Entry, WrittenIn>();
  state: 'open' | 'committed' | 'aborted' = 'open';
  #whenEnded: (() => void) | null = null;
  #ended: Promise<void> | null = null;

  constructor(
    /** Sees what was committed up to here. */
    readonly snapshot: number,
    readonly startedAtMs: number,
  ) {}

  /** Resolved by commit or abort. */
  get ended(): Promise<void> {
    this.#ended ??= this.state === 'open' ? new Promise((resolve) => (this.#whenEnded = resolve)) : Promise.resolve();
    return this.#ended;
  }

  end(state: 'committed' | 'aborted'): void {
    this.state = state;
    this.#whenEnded?.();
  }
}

/** Where an entry lies that a transaction has written. */
export interface WrittenIn {
  commit(entry: Entry, at: number): void;
  abort(entry: Entry): void;
}
