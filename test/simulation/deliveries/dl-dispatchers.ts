import type { Dispatchable, Dispatcher } from '../../../src/delivery/dispatchers/dispatcher.js';
import type { StoredDispatcher } from '../../../src/delivery/dispatchers/dispatcher-definition.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';

/** A dispatcher as it was from a commit on; null: there was none any more. */
interface Version {
  /** Which commit made it so, and when that was in the simulation's time. */
  readonly commit: number;
  readonly atMs: number;
  readonly stored: StoredDispatcher | null;
}

/** What of a record says whom it reaches. */
export type Told = Pick<EventRecord, 'environment' | 'name' | 'source' | 'payload' | 'account'>;

/** All that dispatchers ever were, as it was committed: what a desk read a moment ago may be another thing by now. */
export class DlDispatchers {
  readonly #versions = new Map<string, Version[]>();
  readonly #byUrl = new Map<string, string>();

  /** Takes over what was just committed. */
  note(id: string, stored: StoredDispatcher | null, commit: number, atMs: number): void {
    const versions = this.#versions.get(id) ?? [];
    this.#versions.set(id, [...versions, { commit, atMs, stored }]);
    const url = stored && urlOf(stored.dispatchable);
    if (url) this.#byUrl.set(url, id);
  }

  get ids(): readonly string[] {
    return [...this.#versions.keys()];
  }

  /** Whose endpoint it is, or was. */
  atUrl(url: string): string | undefined {
    return this.#byUrl.get(url);
  }

  now(id: string): StoredDispatcher | null {
    return this.#versions.get(id)?.at(-1)?.stored ?? null;
  }

  /** Everything it was since a commit: what it was then, and what became of it. */
  sinceCommit(id: string, commit: number): readonly (StoredDispatcher | null)[] {
    return this.#since(id, (version) => version.commit <= commit);
  }

  /** Everything it was since a moment. */
  sinceMs(id: string, ms: number): readonly (StoredDispatcher | null)[] {
    return this.#since(id, (version) => version.atMs <= ms);
  }

  /** Everything it ever was. */
  ever(id: string): readonly StoredDispatcher[] {
    return (this.#versions.get(id) ?? []).flatMap(({ stored }) => stored ?? []);
  }

  #since(id: string, isBefore: (version: Version) => boolean): readonly (StoredDispatcher | null)[] {
    const versions = this.#versions.get(id) ?? [];
    const at = versions.findLastIndex(isBefore);
    const before = at < 0 ? [null] : [];
    return [...before, ...versions.slice(Math.max(0, at)).map(({ stored }) => stored)];
  }
}

/** Whether they are of one environment, and of one account where the dispatcher has one: nothing ever goes beyond that. */
export function isOfSameTenant(stored: Pick<Dispatcher, 'environment' | 'account'>, told: Told): boolean {
  const { environment, account } = stored;
  return environment === told.environment && (account === null || account === told.account);
}

/** Whether a record reaches a dispatcher, by the words of docs/dispatchers.md; `byHand`: somebody asks for it. */
export function reaches(stored: StoredDispatcher, told: Told, byHand: boolean): boolean {
  const { events, source, enabled, manual, filter } = stored;
  const wanted = (JSON.parse(filter) as { payload?: { tier?: readonly unknown[] } }).payload?.tier;
  return (
    isOfSameTenant(stored, told) &&
    events.includes(told.name) &&
    source === told.source &&
    enabled &&
    (byHand || !manual) &&
    (wanted === undefined || wanted.includes((told.payload as { tier?: unknown }).tier))
  );
}

/** What a dispatcher may have under way, and a second. */
export function limitsOfDispatchable(dispatchable: Dispatchable): { concurrency: number; ratePerSecond: number } {
  if (dispatchable.kind !== 'webhook') return { concurrency: 5, ratePerSecond: Infinity };
  return { concurrency: dispatchable.concurrency, ratePerSecond: dispatchable.ratePerSecond ?? Infinity };
}

/** How long a try of it may take, in milliseconds. */
export function patienceOf(dispatchable: Dispatchable): number {
  return dispatchable.kind === 'webhook' ? dispatchable.timeoutMs : 20_000;
}

function urlOf(dispatchable: Dispatchable): string | null {
  return dispatchable.kind === 'job' ? null : dispatchable.url;
}
