import { messageOf } from '../lib/errors.js';
import { wakeHolder, watchWakes } from '../pipeline/wake-signal.js';
import type { Foundation } from './foundation.js';

/** Of the wake-up that all delivery desks share. */
const WAKE = 'deliveries';

/** Calls `onWake` whenever any process has something for delivery desks, until `signal` is aborted. */
export function watchDeliveryHints(foundation: Foundation, onWake: () => void, signal: AbortSignal): void {
  watchWakes(foundation.mongo.db, WAKE, onWake, signal);
}

/**
 * Tells the desks of all processes that there is something to do: only a hint that saves time, for they look by themselves.
 * However often it is called, one hint is under way at a time, and one more after it.
 */
export function deliveryHints({ mongo: { db }, log }: Pick<Foundation, 'mongo' | 'log'>): () => void {
  let isUnderWay = false;
  let isWanted = false;
  const tell = async (): Promise<void> => {
    isUnderWay = true;
    do {
      isWanted = false;
      await wakeHolder(db, WAKE).catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, 'the delivery desks could not be told; they look by themselves'),
      );
    } while (isWanted);
    isUnderWay = false;
  };
  return () => {
    isWanted = true;
    if (!isUnderWay) void tell();
  };
}
