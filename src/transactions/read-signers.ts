import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { readHolders } from '../leases/read-holder.js';
import type { NodeSight } from '../leases/watch-nodes.js';
import type { Clock } from '../lib/clock.js';
import { within } from '../lib/within.js';
import { signerLease, signerOfLease, WALLETS } from './managed-transaction.js';
import { readSignerRequests, readSignersOfRequests } from './read-signer-requests.js';
import { readPauses, type SignerPause } from './signer-pause.js';
import type { SignerView } from './signer-view.js';

/** What it takes to look at signers. */
export interface SignerReadDeps {
  readonly db: mongo.Db;
  /** Null: there is no chain to ask for balances. */
  readonly chain: Pick<ChainPort, 'accounts'> | null;
  readonly clock: Pick<Clock, 'now' | 'sleep'>;
  readonly nodes: NodeSight;
}

/** A chain that takes longer to tell balances is as good as none, in milliseconds: everything else is known. */
const BALANCE_PATIENCE_MS = 3_000;

/** Every signer that a live process serves, that is paused, or that has requests; sorted. */
export async function listSigners({ db, nodes }: Pick<SignerReadDeps, 'db' | 'nodes'>): Promise<string[]> {
  const [paused, withRequests] = await Promise.all([readPauses(db), readSignersOfRequests(db)]);
  return [...new Set([...servedSigners(nodes), ...paused.keys(), ...withRequests])].sort();
}

/** Whose requests somebody can work on now. */
export function servedSigners(nodes: NodeSight): string[] {
  const served = new Set(nodes.live().flatMap(({ serves }) => serves));
  return [...served].flatMap((lease) => signerOfLease(lease) ?? []);
}

/** All there is to say of these signers, in their order. */
export async function readSigners(deps: SignerReadDeps, signers: readonly string[]): Promise<SignerView[]> {
  const { db, nodes, clock } = deps;
  const [holders, pauses, balances] = await Promise.all([
    readHolders(db, signers.map(signerLease)),
    readPauses(db),
    readBalances(deps, signers),
  ]);
  const views: SignerView[] = [];
  // One after another: there may be many, and each is a dozen questions.
  for (const address of signers) {
    const requests = await readSignerRequests(db, address, clock.now());
    const lease = signerLease(address);
    views.push({
      ...{ address, balance: balances.get(address) ?? null },
      ...{ lease: leaseView(holders.get(lease), nodes), node: nodes.preferred(lease) },
      servedBy: nodes.live().flatMap(({ id, serves }) => (serves.includes(lease) ? [id] : [])),
      paused: pauseView(pauses.get(address)),
      ...requests,
    });
  }
  return views;
}

/** Lamports by address and the slot they are of; without those that are unknown. */
export async function readBalances(
  { chain, clock }: Pick<SignerReadDeps, 'chain' | 'clock'>,
  signers: readonly string[],
): Promise<ReadonlyMap<string, { readonly lamports: bigint; readonly slot: number }>> {
  const addresses = signers.filter((signer) => signer !== WALLETS);
  if (!chain || addresses.length === 0) return new Map();
  try {
    const answer = await within(clock, BALANCE_PATIENCE_MS, chain.accounts(addresses, 'confirmed'));
    if (!answer) return new Map();
    const { contextSlot: slot, accounts } = answer;
    return new Map(addresses.map((address, at) => [address, { lamports: accounts[at]?.lamports ?? 0n, slot }]));
  } catch (error) {
    if (error instanceof RpcError) return new Map();
    throw error;
  }
}

/** Who holds a lease, if anybody, and whether they live. */
export function leaseView(holder: string | undefined, nodes: NodeSight): SignerView['lease'] {
  if (holder === undefined || holder === '') return { holder: null, isAlive: false };
  return { holder, isAlive: nodes.live().some(({ id }) => id === holder) };
}

function pauseView(pause: SignerPause | undefined): SignerView['paused'] {
  return pause ? { reason: pause.reason, since: pause.at } : null;
}
