import type { TransactionInstruction } from '@solana/web3.js';
import { MooringError } from '../../lib/errors.js';
import { lookAtWanted } from './look-at-wanted.js';
import { nonceAddress } from './nonce-address.js';
import { assertFunds } from './nonce-funds.js';
import type { NonceWork } from './nonce-work.js';
import { noteNonces } from './note-nonces.js';
import { planNonce, type NoncePlan, type WantedNonce } from './plan-nonce.js';
import { sendInstructions, type SendOutcome } from './send-instructions.js';
import type { NonceProblem } from './stored-nonce.js';

/** What was done for a range of nonce accounts. */
export interface MadeNonces {
  /** All that were asked for, in order. */
  readonly addresses: readonly string[];
  /** Made, initialised or paid for, by this call. */
  readonly made: readonly string[];
  /** What they cost, without fees. */
  readonly lamports: bigint;
  readonly impossible: readonly { readonly address: string; readonly reason: NonceProblem }[];
}

/** What a packet holds at the longest seeds and with the longest of the plans. */
const ACCOUNTS_PER_TRANSACTION = 4;
const TRANSACTIONS_AT_ONCE = 8;
/** Another command at the same work, or a fork, costs one more round. */
const ROUNDS = 5;

type Make = Extract<NoncePlan, { readonly kind: 'make' }> & { readonly wanted: WantedNonce };

/**
 * Makes the nonce accounts of an authority that are not there as they should be, at confirmed. What each address needs
 * is read from the chain in every round, so that it goes on after a kill where it was and pays for nothing twice.
 * @throws MooringError `insufficient-funds`, `nonces-refused`, `nonces-withdrawing`; RpcError.
 */
export async function makeNonces(work: NonceWork, authority: string, indexes: readonly number[]): Promise<MadeNonces> {
  const addresses = await Promise.all(indexes.map((index) => nonceAddress(authority, index)));
  const made = new Set<string>();
  let lamports = 0n;
  let minContextSlot: number | undefined;
  let last: SendOutcome | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const { wanted, rent, payer } = await lookAtWanted(work.chain, authority, indexes, addresses, minContextSlot);
    const plans = wanted.map((one) => ({ ...planNonce(one, rent.nonce), wanted: one }));
    const todo = plans.filter((plan): plan is Make => plan.kind === 'make');
    const packets = packetsOf(todo);
    assertFunds({
      ...{ payer: authority, balance: payer, kept: rent.empty, accounts: todo.length, transactions: packets.length },
      lamports: todo.reduce((sum, plan) => sum + plan.lamports, 0n),
    });
    await noteNonces(work, authority, plans);
    if (todo.length === 0) {
      const impossible = plans.flatMap((plan) =>
        plan.kind === 'impossible' ? [{ address: plan.wanted.address, reason: plan.reason }] : [],
      );
      return { addresses, made: [...made], lamports, impossible };
    }
    for (let start = 0; start < packets.length; start += TRANSACTIONS_AT_ONCE) {
      const batch = packets.slice(start, start + TRANSACTIONS_AT_ONCE);
      const outcomes = await Promise.all(batch.map((packet) => send(work, authority, packet)));
      for (const [position, outcome] of outcomes.entries()) {
        last = outcome;
        if (outcome.kind !== 'landed') continue;
        minContextSlot = Math.max(minContextSlot ?? 0, outcome.slot);
        for (const plan of batch[position] ?? []) {
          made.add(plan.wanted.address);
          lamports += plan.lamports;
        }
      }
      work.tell(`${made.size} made so far`);
    }
  }
  const refusal = last?.kind === 'refused' ? last.refusal : null;
  throw new MooringError(
    'nonces-refused',
    refusal
      ? `The chain refuses to make the nonce accounts: ${refusal.name}, ${refusal.message}.`
      : 'The transactions that make the nonce accounts do not land. Give the same command again: it goes on where it was.',
  );
}

/** Several to a transaction; what is signed over a nonce value of its own goes alone. */
function packetsOf(todo: readonly Make[]): Make[][] {
  const together = todo.filter(({ over }) => over === null);
  const packets = todo.filter(({ over }) => over !== null).map((plan) => [plan]);
  for (let start = 0; start < together.length; start += ACCOUNTS_PER_TRANSACTION) {
    packets.push(together.slice(start, start + ACCOUNTS_PER_TRANSACTION));
  }
  return packets;
}

function send(work: NonceWork, payer: string, packet: readonly Make[]): Promise<SendOutcome> {
  const instructions: TransactionInstruction[] = packet.flatMap((plan) => plan.instructions);
  const over = packet[0]?.over ?? null;
  return sendInstructions(work, { instructions, payer }, { over, simulated: over === null });
}
