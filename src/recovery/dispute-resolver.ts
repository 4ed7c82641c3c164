import type { DomainModule } from '../domain-kit/domain-module.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { readDisputed } from '../ledger/read-records.js';
import { relandTransaction, type Correction, type RecoveryDependencies } from './settle-transaction.js';

/** How many disputed transactions are looked at in one pass. */
const DISPUTES_PER_PASS = 32;

/**
 * Lets the chain decide between versions of a transaction that were announced differently: a validator that leads
 * announces executions that never land, with another slot and other data, up to hundreds for one signature (TRAPS 29).
 * However many there were, the chain is asked once. Returns how many were settled.
 */
export async function resolveDisputes(
  dependencies: RecoveryDependencies & { readonly log: Log; readonly onCorrected: (correction: Correction) => void },
  work: LeaseWork,
  module: DomainModule,
): Promise<number> {
  const { db, log, onCorrected } = dependencies;
  // All at once: one that never lands is asked for with patience, and must not hold up the others.
  const settled = await Promise.all(
    (await readDisputed(db, module.name, DISPUTES_PER_PASS)).map(async (signature) => {
      try {
        const correction = await relandTransaction(dependencies, work, module, signature, 'confirmed');
        if (!correction) return false;
        onCorrected(correction);
        log.debug({ signature, entered: correction.entered.length }, 'disputed transaction settled');
        return true;
      } catch (error) {
        if (error instanceof StaleFenceError) throw error;
        log.warn({ signature, error: messageOf(error) }, 'a disputed transaction could not be settled; trying again');
        return false;
      }
    }),
  );
  return settled.filter(Boolean).length;
}
