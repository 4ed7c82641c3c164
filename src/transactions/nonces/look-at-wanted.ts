import type { ChainPort } from '../../chain/chain-port.js';
import { MooringError } from '../../lib/errors.js';
import { NONCE_ACCOUNT_BYTES } from './nonce-account.js';
import type { WantedNonce } from './plan-nonce.js';
import { RENT_SYSVAR, rentExemption } from './rent-exemption.js';

/** What the chain says, at confirmed, about nonce accounts that are wanted. */
export interface WantedView {
  readonly wanted: readonly WantedNonce[];
  /** What keeps a nonce account, and one without data, alive, in lamports. */
  readonly rent: { readonly nonce: bigint; readonly empty: bigint };
  /** What the authority owns, in lamports. */
  readonly payer: bigint;
}

/**
 * Reads the accounts at these addresses, who pays for them, and what they cost.
 * @throws MooringError `chain-error` where the endpoint does not tell what accounts cost; RpcError.
 */
export async function lookAtWanted(
  chain: ChainPort,
  authority: string,
  indexes: readonly number[],
  addresses: readonly string[],
  minContextSlot?: number,
): Promise<WantedView> {
  const { accounts } = await chain.accounts([RENT_SYSVAR, authority, ...addresses], 'confirmed', minContextSlot);
  const [sysvar, payer, ...found] = accounts;
  const nonce = sysvar ? rentExemption(sysvar.data, NONCE_ACCOUNT_BYTES) : null;
  const empty = sysvar ? rentExemption(sysvar.data, 0) : null;
  if (nonce === null || empty === null) {
    throw new MooringError('chain-error', 'The RPC endpoint does not tell what an account costs. Nothing was sent.');
  }
  const wanted = addresses.map((address, position) => ({
    ...{ address, authority, index: indexes[position] as number, account: found[position] ?? null },
  }));
  return { wanted, rent: { nonce, empty }, payer: payer?.lamports ?? 0n };
}
