import type { ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import { witnessesNeeded } from '../chain/witnesses.js';
import { isExpiryProven, type ExpiryTestimony } from './expiry-proof.js';
import type { Attempt } from './managed-transaction.js';
import { parseNonceAccount } from './nonces/nonce-account.js';

/** What an endpoint is asked for a proof. */
export type ExpiryWitness = Pick<
  ChainPort,
  'blockHeight' | 'epochInfo' | 'accounts' | 'signatureStatuses' | 'transaction'
>;

type Signed = Pick<Attempt, 'signature' | 'lifetime'>;

/**
 * Of these attempts, the signatures of those that provably can never land. Every endpoint is asked alone: what it says of the
 * end of a lifetime and of the signature must come from the same node. Where several nodes are behind one address, each answer
 * counts only with the slot that stands in it. One that cannot be asked says nothing.
 */
export async function proveExpired(
  witnesses: readonly ExpiryWitness[],
  attempts: readonly Signed[],
): Promise<ReadonlySet<string>> {
  if (attempts.length === 0) return new Set();
  const heard = await Promise.all(witnesses.map((witness) => testify(witness, attempts)));
  const needed = witnessesNeeded(witnesses.length);
  const proven = attempts.filter(({ signature }) =>
    isExpiryProven(
      heard.flatMap((testimonies) => testimonies?.get(signature) ?? []),
      needed,
    ),
  );
  return new Set(proven.map(({ signature }) => signature));
}

async function testify(
  witness: ExpiryWitness,
  attempts: readonly Signed[],
): Promise<ReadonlyMap<string, ExpiryTestimony> | null> {
  try {
    // The order is what makes it a proof: the end of the lifetime with the slot it is of, then the status.
    const { isOver, slot: finalizedSlot } = await readLifetimes(witness, attempts);
    const { contextSlot, statuses } = await witness.signatureStatuses(attempts.map(({ signature }) => signature));
    const testimonies = new Map<string, ExpiryTestimony>();
    for (const [position, attempt] of attempts.entries()) {
      const over = isOver(attempt);
      const statusKnown = (statuses[position] ?? null) !== null;
      // Only asked where it would decide.
      const transactionKnown =
        over && !statusKnown && (await witness.transaction(attempt.signature, 'confirmed')) !== null;
      testimonies.set(attempt.signature, {
        isOver: over,
        finalizedSlot,
        statusSlot: contextSlot,
        statusKnown,
        transactionKnown,
      });
    }
    return testimonies;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return null;
  }
}

/** What an endpoint has at finalized, as of `slot`: whether a lifetime is over there. */
interface Lifetimes {
  readonly slot: number;
  readonly isOver: (attempt: Signed) => boolean;
}

async function readLifetimes(witness: ExpiryWitness, attempts: readonly Signed[]): Promise<Lifetimes> {
  const lifetimes = attempts.map(({ lifetime }) => lifetime);
  const accounts = [...new Set(lifetimes.flatMap((one) => (one.kind === 'nonce' ? [one.account] : [])))];
  const head = lifetimes.some(({ kind }) => kind === 'blockhash') ? await readHead(witness) : { slot: 0, height: 0 };
  const nonces =
    accounts.length > 0 ? await readValues(witness, accounts) : { slot: 0, values: new Map<string, string>() };
  return {
    slot: Math.max(head.slot, nonces.slot),
    isOver: ({ lifetime }) => {
      if (lifetime.kind === 'blockhash') return head.height > lifetime.lastValidBlockHeight;
      const value = nonces.values.get(lifetime.account);
      // An account that is gone is unknown, not advanced; and a node that is behind still has the value before this one.
      return value !== undefined && value !== lifetime.value && nonces.slot >= lifetime.asOfSlot;
    },
  };
}

/** A slot and a block height that is reached there; a node that answers with what is not final yet is held to what is. */
async function readHead(witness: ExpiryWitness): Promise<{ readonly slot: number; readonly height: number }> {
  const { slot, blockHeight } = await witness.epochInfo('finalized');
  return { slot, height: Math.min(blockHeight, await witness.blockHeight('finalized')) };
}

async function readValues(
  witness: ExpiryWitness,
  addresses: readonly string[],
): Promise<{ readonly slot: number; readonly values: ReadonlyMap<string, string> }> {
  const { contextSlot, accounts } = await witness.accounts(addresses, 'finalized');
  const values = new Map<string, string>();
  for (const [position, address] of addresses.entries()) {
    const found = accounts[position];
    const reading = found && parseNonceAccount(found);
    if (reading?.kind === 'nonce') values.set(address, reading.value);
  }
  return { slot: contextSlot, values };
}
