import type { Random } from '../random.js';
import { BLOCKHASH_LIFE, FINALITY_DEPTH } from './tx-cluster.js';
import { TxSwitches } from './tx-node.js';
import type { TxNodeFault } from './tx-plan.js';

/** Begins with a fault of a node. Returns how it ends. */
export function beginNodeFault(switches: TxSwitches, fault: TxNodeFault, random: Random): () => void {
  const changes = changesOf(fault, random);
  Object.assign(switches, changes);
  return () => {
    const honest = new TxSwitches();
    for (const name of Object.keys(changes)) Object.assign(switches, { [name]: honest[name as keyof TxSwitches] });
  };
}

function changesOf(fault: TxNodeFault, random: Random): Partial<TxSwitches> {
  switch (fault) {
    case 'down':
      return { isDown: true };
    case 'silent':
      return { isSilent: true };
    case 'limited':
      return { retryAfterMs: random.between(100, 2_000) };
    case 'lagging':
      return { lagSlots: 2 + random.whole(40) };
    case 'several':
      return { spreadSlots: 2 + random.whole(FINALITY_DEPTH * 3) };
    case 'nonsense':
      return { isNonsense: true };
    case 'no-statuses':
      return { hasNoStatuses: true };
    case 'no-history':
      return { hasNoHistory: true };
    case 'too-low':
      return { heightError: -1 - random.whole(BLOCKHASH_LIFE) };
    case 'too-high':
      return { heightError: BLOCKHASH_LIFE + random.whole(50) };
    case 'denies':
      return { denies: true };
    case 'denies-and-too-high':
      return { denies: true, heightError: BLOCKHASH_LIFE + random.whole(50) };
    case 'loses':
      return { lossShare: random.pick([0.3, 0.8, 1]) };
    case 'late':
      return { lateShare: random.pick([0.3, 1]) };
    case 'send-errors':
      return { sendErrorShare: random.pick([0.3, 1]) };
    case 'send-silence':
      return { sendSilenceShare: random.pick([0.3, 1]) };
  }
}
