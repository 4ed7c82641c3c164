import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { DropTestimony } from './agree-on-drop.js';
import { proveDropped } from './prove-dropped.js';

/** One endpoint, alone: its answers are nobody else's. */
export interface ChainMember {
  /** Host only. */
  readonly name: string;
  readonly chain: Pick<ChainPort, 'block' | 'blocks' | 'firstAvailableBlock' | 'slot' | 'signatureStatuses'>;
}

/** Asks every endpoint about the version of a transaction in this slot. One that fails testifies that it cannot tell. */
export function askEndpoints(
  members: readonly ChainMember[],
  signature: string,
  slot: number,
): Promise<DropTestimony[]> {
  return Promise.all(members.map((member) => testimonyOf(member, signature, slot)));
}

async function testimonyOf({ name, chain }: ChainMember, signature: string, slot: number): Promise<DropTestimony> {
  try {
    const { statuses } = await chain.signatureStatuses([signature]);
    const proof = await proveDropped(chain, signature, slot);
    return { endpoint: name, proof, status: statuses[0] ?? null };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { endpoint: name, proof: { kind: 'unknown', reason: error.message }, status: 'unknown' };
  }
}
