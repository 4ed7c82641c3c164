import type { DisabledDispatcher, EndedTry } from './turn-writes.js';

/** A try that is over and not written down yet. */
export type FinishedTry = EndedTry & {
  readonly disables: DisabledDispatcher['reason'] | null;
  /** Of the endpoint that was tried. */
  readonly endpointRevision: number;
};

/**
 * What a try means once its dispatcher may have another endpoint, by the revisions there are now. That the one before is gone
 * or was failing disables nobody, and what it did not want is for the one there is now. `again`: it was meant for an endpoint
 * that is gone.
 */
export function judgeLate(one: FinishedTry, revisions: ReadonlyMap<string, number>): FinishedTry {
  const { delivery, disables, endpointRevision, verdict } = one;
  const now = revisions.get(delivery.dispatcher) ?? endpointRevision;
  if (disables === null || now === endpointRevision) return one;
  if (disables !== 'gone' || verdict.kind !== 'failed') return { ...one, disables: null };
  return { ...one, disables: null, verdict: { kind: 'again', afterMs: 0, error: verdict.error } };
}
