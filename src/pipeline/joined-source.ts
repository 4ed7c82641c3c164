import type { RecordSource } from '../ledger/ledger-record.js';
import type { Source, SourceCallbacks, SourceStatus } from './source.js';

/**
 * Several sources of one kind, each for programs of its own, as one: live while all of them are, with a hole as soon as one has.
 * `make` is called once for each part.
 */
export class JoinedSource<Part> implements Source {
  readonly kind: RecordSource;
  readonly #sources: readonly Source[];
  /** Where each one's announcements begin; undefined while it has a hole. */
  readonly #liveFrom: (number | undefined)[];

  /** @param parts one at least. */
  constructor(
    parts: readonly [Part, ...Part[]],
    make: (part: Part, callbacks: SourceCallbacks) => Source,
    callbacks: SourceCallbacks,
  ) {
    this.#liveFrom = parts.map(() => undefined);
    const [first, ...others] = parts.map((part, position) =>
      make(part, {
        ...callbacks,
        onLive: ({ slot }) => {
          this.#liveFrom[position] = slot;
          const from = this.#liveFrom.filter((known) => known !== undefined);
          if (from.length === this.#liveFrom.length) callbacks.onLive({ slot: Math.max(...from) });
        },
        onHole: (hole) => {
          this.#liveFrom[position] = undefined;
          callbacks.onHole(hole);
        },
      }),
    ) as [Source, ...Source[]];
    this.kind = first.kind;
    this.#sources = [first, ...others];
  }

  start(): void {
    for (const source of this.#sources) source.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.stop()));
  }

  restart(reason: string): void {
    for (const source of this.#sources) source.restart(reason);
  }

  /** Of times, slots and failures the worst: nothing is said of all that does not hold for each. */
  status(): SourceStatus {
    const statuses = this.#sources.map((source) => source.status());
    const least = (values: readonly (number | null)[]) => {
      const known = values.filter((value) => value !== null);
      return known.length === values.length ? Math.min(...known) : null;
    };
    return {
      live: statuses.every(({ live }) => live),
      subscriptionIds: Object.assign({}, ...statuses.map(({ subscriptionIds }) => subscriptionIds)) as Readonly<
        Record<string, string>
      >,
      reconnectAttempts: Math.max(...statuses.map(({ reconnectAttempts }) => reconnectAttempts)),
      lastMessageAtMs: least(statuses.map(({ lastMessageAtMs }) => lastMessageAtMs)),
      lastSlot: least(statuses.map(({ lastSlot }) => lastSlot)),
      url: statuses[0]?.url ?? '',
    };
  }
}
