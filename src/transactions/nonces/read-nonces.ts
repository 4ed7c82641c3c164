import type { AccountInfo, ChainPort } from '../../chain/chain-port.js';
import { confirmAbsence, type AbsenceWitness } from '../../chain/confirm-absence.js';
import { RpcError } from '../../chain/rpc-error.js';
import type { NonceSighting } from './judge-nonce.js';
import { NONCE_ACCOUNT_BYTES, parseNonceAccount } from './nonce-account.js';
import { RENT_SYSVAR, rentExemption } from './rent-exemption.js';

/** One request holds 100 accounts; one of them is what storage costs. */
const ACCOUNTS_AT_ONCE = 99;

/** Where nonce accounts are read: any endpoint, and each alone. */
export interface NonceChain {
  readonly chain: ChainPort;
  readonly members: readonly AbsenceWitness[];
}

/**
 * What finalized blocks say of these accounts, by address. A batch that cannot be read is unknown, and takes none of the
 * others with it. Throws RpcError only where not even the slot can be learnt.
 */
export async function readNonces(
  { chain, members }: NonceChain,
  addresses: readonly string[],
): Promise<Map<string, NonceSighting>> {
  const sightings = new Map<string, NonceSighting>();
  const asOf = await chain.slot('finalized');
  for (let start = 0; start < addresses.length; start += ACCOUNTS_AT_ONCE) {
    const batch = addresses.slice(start, start + ACCOUNTS_AT_ONCE);
    for (const [address, seen] of await readBatch(chain, members, batch, asOf)) sightings.set(address, seen);
  }
  return sightings;
}

async function readBatch(
  chain: ChainPort,
  members: readonly AbsenceWitness[],
  addresses: readonly string[],
  asOf: number,
): Promise<(readonly [string, NonceSighting])[]> {
  const UNKNOWN = { kind: 'unknown' } as const;
  try {
    const { contextSlot: slot, accounts } = await chain.accounts([RENT_SYSVAR, ...addresses], 'finalized', asOf);
    const [rent, ...nonces] = accounts;
    const least = rent && rentExemption(rent.data, NONCE_ACCOUNT_BYTES);
    if (typeof least !== 'bigint') return addresses.map((address) => [address, UNKNOWN]);
    const lacking = addresses.filter((_, position) => !nonces[position]);
    const gone = await confirmAbsence(members, (account) => account !== null, lacking, slot);
    return addresses.map((address, position) => {
      const account = nonces[position];
      if (account) return [address, sightingOf(account, slot, least)];
      return [address, gone.has(address) ? { kind: 'gone', slot } : UNKNOWN];
    });
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return addresses.map((address) => [address, UNKNOWN]);
  }
}

function sightingOf(account: AccountInfo, slot: number, least: bigint): NonceSighting {
  return { kind: 'account', slot, reading: parseNonceAccount(account), isFunded: account.lamports >= least };
}
