import { parseNonceAccount } from './nonce-account.js';
import { nonceInstruction } from './nonce-instruction.js';
import { assertFunds } from './nonce-funds.js';
import type { NonceWork } from './nonce-work.js';
import { sendInstructions } from './send-instructions.js';
import type { StoredNonce } from './stored-nonce.js';

/** What a packet holds. */
const ADVANCES_PER_TRANSACTION = 10;
/**
 * Asking for it keeps an advance from being the first instruction, where it makes the runtime take the blockhash for a nonce
 * value. 150 units for each instruction of the system program (agave), with room.
 */
const SENDING = { simulated: false, unitLimit: 20_000 } as const;

/**
 * Advances nonce accounts that nobody uses, so that nothing signed over their values can land any more. Only those that
 * still have the value at confirmed: what is on its way there by itself is not paid for. Returns the addresses.
 * @throws MooringError `insufficient-funds`; RpcError.
 */
export async function advanceNonces(
  work: NonceWork,
  authority: string,
  stuck: readonly StoredNonce[],
): Promise<string[]> {
  if (stuck.length === 0) return [];
  const asked = [authority, ...stuck.map(({ _id }) => _id)];
  const [payer, ...accounts] = (await work.chain.accounts(asked, 'confirmed')).accounts;
  const standing = stuck.filter(({ value }, position) => {
    const account = accounts[position];
    const reading = account && parseNonceAccount(account);
    return reading?.kind === 'nonce' && reading.authority === authority && reading.value === value;
  });
  assertFunds({
    ...{ payer: authority, balance: payer?.lamports ?? 0n, kept: 0n, accounts: standing.length, lamports: 0n },
    transactions: Math.ceil(standing.length / ADVANCES_PER_TRANSACTION),
  });
  const advanced: string[] = [];
  for (let start = 0; start < standing.length; start += ADVANCES_PER_TRANSACTION) {
    const addresses = standing.slice(start, start + ADVANCES_PER_TRANSACTION).map(({ _id }) => _id);
    const instructions = addresses.map((address) => nonceInstruction(address, authority));
    // What does not land is stuck at the next refresh too, and so tried again.
    const outcome = await sendInstructions(work, { instructions, payer: authority }, SENDING);
    if (outcome.kind === 'landed') advanced.push(...addresses);
  }
  return advanced;
}
