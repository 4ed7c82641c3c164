import { NodeDirectory } from '../leases/node-directory.js';
import { readHolders } from '../leases/read-holder.js';
import { listFiringAlerts } from '../ops/alert-store.js';
import { SIGNER_ALERT_KINDS, type Reading } from '../ops/alerts/rules.js';
import { readSigner, type SignerSight } from '../ops/alerts/signer-rules.js';
import { signerLease } from '../transactions/managed-transaction.js';
import { countRequests, readOldestOpen, readSignersWithOpen } from '../transactions/read-signer-requests.js';
import { leaseView, readBalances, servedSigners } from '../transactions/read-signers.js';
import { readPauses } from '../transactions/signer-pause.js';
import { OPEN_STATES, UNRESOLVED_STATES } from '../transactions/transaction-store.js';
import type { Foundation } from './foundation.js';

/**
 * A look at every signer that a live process serves or that has open requests, and at those of which something fires: nobody
 * else would ever take that back. Whoever lives is known after some looks: until then nobody is taken for dead.
 */
export function watchSigners({ config, mongo, pool, machine }: Foundation): () => Promise<readonly Reading[]> {
  const { db } = mongo;
  const { clock } = machine;
  const nodes = new NodeDirectory({ db, clock, termMs: config.leaseTermMs });
  const limits = { leastLamports: config.alertSignerLamports, unresolvedMs: config.alertUnresolvedMs };

  return async () => {
    await nodes.look();
    const [open, firing] = await Promise.all([readSignersWithOpen(db), listFiringAlerts(db)]);
    const served = new Set(servedSigners(nodes));
    const alarmed = firing.flatMap(({ id, kind }) =>
      (SIGNER_ALERT_KINDS as readonly string[]).includes(kind) ? [id.slice(kind.length + 1)] : [],
    );
    const signers = [...new Set([...served, ...open, ...alarmed])];
    if (signers.length === 0) return [];
    const [holders, balances, pauses] = await Promise.all([
      readHolders(db, signers.map(signerLease)),
      readBalances({ chain: pool.chain, clock }, signers),
      readPauses(db),
    ]);
    const readings: Reading[] = [];
    for (const address of signers) {
      const { holder, isAlive } = leaseView(holders.get(signerLease(address)), nodes);
      const sight: SignerSight = {
        ...{ address, holder, isHeld: isAlive, isServed: served.has(address) },
        lamports: balances.get(address)?.lamports ?? null,
        open: await countRequests(db, address, OPEN_STATES),
        waiting: await readWaiting(address, pauses.has(address)),
      };
      readings.push(...readSigner(sight, limits));
    }
    return readings;
  };

  /** What is pending of a paused signer waits for an operator, not for the chain. */
  async function readWaiting(address: string, isPaused: boolean): Promise<SignerSight['waiting']> {
    const [oldest] = await readOldestOpen(db, address, 1, isPaused ? ['signed', 'sent'] : UNRESOLVED_STATES);
    return oldest ? { id: oldest.id, ms: clock.now() - oldest.createdAt.getTime() } : null;
  }
}
