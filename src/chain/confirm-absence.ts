import type { AccountInfo, ChainPort } from './chain-port.js';
import { RpcError } from './rpc-error.js';
import { witnessesNeeded } from './witnesses.js';

/** An endpoint that is asked alone. */
export interface AbsenceWitness {
  readonly chain: Pick<ChainPort, 'accounts'>;
}

/** Whether what an endpoint has at an address is the account that was looked for. */
export type IsThere = (account: AccountInfo | null, address: string) => boolean;

/** An account of this program, whatever it holds. */
export function ownedBy(programId: string): IsThere {
  return (account) => account?.owner === programId;
}

/**
 * Which of these accounts are gone for certain: a missing account is only a suspicion until every endpoint was asked, as of
 * `slot` or later at finalized. Two have to lack it where there are two, and one that has it outweighs all others (I5). What
 * something else took the place of, such as an account of another program, is gone as well: `isThere` says what counts.
 */
export async function confirmAbsence(
  members: readonly AbsenceWitness[],
  isThere: IsThere,
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
          if (isThere(accounts[position] ?? null, address)) present.add(address);
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
