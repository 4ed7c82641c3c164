import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { messageOf } from '../lib/errors.js';
import { release, StaleFenceError, tryAcquire, type HeldLease, type LeaseObservation } from './lease.js';
import { LOST, renewUntil, type RenewalOptions } from './lease-renewal.js';
import { leaseWork, type LeaseWork } from './lease-work.js';

/** A name for this process that no other process ever has. */
export function processHolderId(): string {
  return `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
}

const SESSION_LEFT_OPEN =
  'the session of the holder before could not be ended; what it was writing may stay locked until the server gives up ' +
  'on its transaction (60 s by default)';

interface LeaseKeeperOptions extends RenewalOptions {
  readonly holder: string;
  /** What this process saw of the lease before it wanted it: a holder that stood still since is not waited for again. */
  readonly seen?: LeaseObservation | null;
}

/**
 * Waits for a lease, runs `work` while it is held, and starts over when it is lost. `work` gets a signal that is
 * aborted when the lease is lost or the keeper stops, and must end soon after.
 */
export async function keepLease(
  options: LeaseKeeperOptions,
  name: string,
  stop: AbortSignal,
  work: (work: LeaseWork, lost: AbortSignal) => Promise<void>,
): Promise<void> {
  const { db, clock, log, holder, termMs } = options;
  let observed = options.seen ?? null;
  while (!stop.aborted) {
    const lease = await acquireOnce();
    if (!lease) {
      await clock.sleep(termMs / 5, stop);
      continue;
    }
    observed = null;
    log.info({ lease: name, fence: lease.fence, holder }, 'lease taken');
    const lost = new AbortController();
    const ended = new AbortController();
    const renewing = renewUntil(options, lease, AbortSignal.any([stop, lost.signal, ended.signal]), () => lost.abort());
    const held = leaseWork(lease);
    try {
      await work(held, AbortSignal.any([stop, lost.signal]));
    } catch (error) {
      if (error instanceof StaleFenceError) log.warn({ lease: name, fence: lease.fence }, LOST);
      else
        log.error({ lease: name, error: messageOf(error) }, 'work under the lease failed; it will be taken up again');
      await clock.sleep(termMs / 5, stop);
    } finally {
      ended.abort();
      await renewing;
      // What is under way in its session ends before the session does.
      await held.exclusive(() => Promise.resolve());
      await release(db, lease).catch(() => undefined);
    }
  }

  async function acquireOnce(): Promise<HeldLease | null> {
    try {
      const outcome = await tryAcquire(db, clock, name, holder, termMs, observed);
      if (outcome.held) {
        const { held, sessionLeftOpen } = outcome;
        if (sessionLeftOpen !== null) log.warn({ lease: name, error: sessionLeftOpen }, SESSION_LEFT_OPEN);
        return held;
      }
      observed = outcome.observed;
    } catch (error) {
      log.warn({ lease: name, error: messageOf(error) }, 'could not look at the lease; trying again');
    }
    return null;
  }
}
