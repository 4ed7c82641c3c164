/** What a dispatcher invokes. Secrets of an endpoint never leave through the API after they were made. */
export type Dispatchable =
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** `whsec_…`; two while they rotate: the newer one first. */
      readonly secrets: readonly string[];
      /** Requests under way at once. */
      readonly concurrency: number;
      /** Requests a second; null: no limit. */
      readonly ratePerSecond: number | null;
      readonly timeoutMs: number;
    }
  /** A handler registered in code: `defineJob({id, version, run})`. */
  | { readonly kind: 'job'; readonly job: string; readonly version: string }
  /** Registered at run time by an application, which is told at this URL, signed as a webhook is. */
  | {
      readonly kind: 'dynamic-trigger';
      readonly trigger: string;
      readonly url: string;
      readonly secrets: readonly string[];
    };

/** A filter by payload or context; its meaning is docs/filters.md. */
export interface EventFilter {
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly context?: Readonly<Record<string, unknown>>;
}

/** Who wants to hear of which events. */
export interface Dispatcher {
  readonly _id: string;
  readonly environment: string;
  /** The application's own name for it; unique within its environment. */
  readonly dispatchableId: string;
  readonly dispatchable: Dispatchable;
  /** Names of events; at least one. */
  readonly events: readonly string[];
  readonly source: string;
  readonly filter: EventFilter;
  /** How the filter is read: strictly, or with everything that trigger.dev's eventFilterMatches does. */
  readonly filterMode: 'strict' | 'trigger';
  /** For chain events: told when confirmed (and again when orphaned), or only when final. */
  readonly commitment: 'confirmed' | 'finalized';
  /** Only events of this external account. Null: of any or none. */
  readonly account: string | null;
  /** Invoked by hand only. */
  readonly manual: boolean;
  readonly enabled: boolean;
  /** Why it was disabled, where it was not asked for: `gone` (410), `failing` (for days). */
  readonly disabledReason: string | null;
  /** Keys into the event (`['payload', 'owner']`) whose value orders its deliveries; null: no order. */
  readonly orderBy: readonly string[] | null;
  /**
   * Raised whenever what is known of its endpoint holds no longer: it is another one, or somebody has mended it. Tries that
   * were begun before say nothing of how it is.
   */
  readonly endpointRevision: number;
  /** The desk that works on its deliveries. */
  readonly desk: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
