import { compileFilter } from './filter.js';
import type { MemoryConnection } from './memory-connection.js';
import { takeIn, type Doc } from './values.js';

type Listener = (argument: unknown) => void;

/**
 * A change stream that tells of commits while it is open. Each change takes a `getMore` of its own to arrive; when that
 * is refused the stream says 'error' and is over. It does not resume by itself, which a driver tries once.
 */
export class MemoryChangeStream {
  readonly #listeners = new Map<string, Listener[]>();
  #isOpened = false;
  #isClosed = false;
  #queue: Doc[] = [];
  #isDelivering = false;
  #unlisten: () => void = () => undefined;

  constructor(
    readonly connection: MemoryConnection,
    readonly collection: string,
    readonly match: object,
  ) {}

  on(event: 'change' | 'error', listener: Listener): this {
    this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
    if (event === 'change' && !this.#isOpened) {
      this.#isOpened = true;
      void this.#open();
    }
    return this;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#queue = [];
    this.#unlisten();
  }

  async #open(): Promise<void> {
    try {
      await this.connection.run('aggregate', this.collection, undefined, () => this.#listen());
    } catch (error) {
      this.#fail(error);
    }
  }

  #listen(): void {
    if (this.#isClosed) return;
    const { matches } = compileFilter(this.match);
    this.#unlisten = this.connection.server.listen((collection, { operation, id }) => {
      if (collection !== this.collection) return;
      const change = takeIn({ operationType: operation, ns: { coll: collection }, documentKey: { _id: id } }) as Doc;
      if (!matches(change)) return;
      this.#queue.push(change);
      if (!this.#isDelivering) void this.#deliver();
    });
  }

  async #deliver(): Promise<void> {
    this.#isDelivering = true;
    try {
      while (this.#queue.length > 0) {
        await this.connection.answered('getMore', this.collection);
        const change = this.#queue.shift();
        if (change) this.#emit('change', change);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#isDelivering = false;
  }

  #fail(error: unknown): void {
    this.#unlisten();
    this.#queue = [];
    if (!this.#isClosed) this.#emit('error', error);
  }

  #emit(event: string, argument: unknown): void {
    for (const listener of this.#listeners.get(event) ?? []) listener(argument);
  }
}
