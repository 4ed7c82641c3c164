import type { DomainModule } from '../domain-kit/domain-module.js';
import type { LeaseWork } from '../leases/lease-work.js';
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
  const signatures = await readDisputed(dependencies.db, module.name, DISPUTES_PER_PASS);
  let settled = 0;
  for (const signature of signatures) {
    const correction = await relandTransaction(dependencies, work, module, signature, 'confirmed');
    if (!correction) continue;
    settled += 1;
    dependencies.onCorrected(correction);
    dependencies.log.debug({ signature, entered: correction.entered.length }, 'disputed transaction settled');
  }
  return settled;
}
