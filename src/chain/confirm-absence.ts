import type { ChainPort } from './chain-port.js';
import { RpcError } from './rpc-error.js';
import { witnessesNeeded } from './witnesses.js';

/** An endpoint that is asked alone. */
export interface AbsenceWitness {
  readonly chain: Pick<ChainPort, 'accounts'>;
}

/**
 * Which of these accounts are gone for certain: a missing account is only a suspicion until every endpoint was asked, as of
 * `slot` or later at finalized. Two have to lack it where there are two, and one that has it outweighs all others (I5). An
 * account that another program owns by now is gone as well.
 */
export async function confirmAbsence(
  members: readonly AbsenceWitness[],
  programId: string,
  addresses: readonly string[],
  slot: number,
): Promise<ReadonlySet<string>> {
  if (addresses.length === 0) return new Set();
  const lacking = new Map(addresses.map((address) => [address, 0]));
  const present = new Set<string>();
  await Promise.all(
    members.map(async ({ chain }) => {
      try {
        const { contextSlot, accounts } = await chain.accounts(addresses, 'finalized', slot);
        // A node that ignores minContextSlot may answer from before: that says nothing.
        if (contextSlot < slot) return;
        for (const [position, address] of addresses.entries()) {
          if (accounts[position]?.owner === programId) present.add(address);
          else lacking.set(address, (lacking.get(address) ?? 0) + 1);
        }
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
      }
    }),
  );
  const needed = witnessesNeeded(members.length);
  return new Set(addresses.filter((address) => !present.has(address) && (lacking.get(address) ?? 0) >= needed));
}
