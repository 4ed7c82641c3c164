import type { Command } from '../domain-kit/command.js';
import { feeLamports } from '../transactions/fee-policy.js';
import type { ManagedTransaction, PreparedMessage } from '../transactions/managed-transaction.js';
import { joinWire, signersOf } from '../transactions/signed-wire.js';
import { statusPath } from './command-answer.js';

const SIGNATURE_BYTES = 64;

/** What a client needs to have a prepared transaction signed, and a person to decide whether to sign it. */
export function preparedView(
  transaction: ManagedTransaction,
  prepared: PreparedMessage,
  command: Command,
): Record<string, unknown> {
  const { message, wallets, lifetime } = prepared;
  const signers = signersOf(message);
  const signatures = signers.map(() => new Uint8Array(SIGNATURE_BYTES));
  return {
    id: transaction.id,
    state: transaction.state,
    transaction: Buffer.from(joinWire({ signatures, message })).toString('base64'),
    summary: summaryOf(transaction, prepared, signers, command),
    signers: signers.map((address) => ({ address, by: wallets.includes(address) ? 'wallet' : 'server' })),
    expires: lifetime,
    statusUrl: statusPath(transaction.id),
  };
}

/** Amounts in lamports, as strings of digits like every u64. */
function summaryOf(
  { request, result }: ManagedTransaction,
  { fee, balanceChange }: PreparedMessage,
  signers: readonly string[],
  command: Command,
): Record<string, unknown> {
  const { params, body } = JSON.parse(request) as { params: object; body: object };
  const { signatures, priority } = feeLamports(fee, signers.length);
  return {
    does: command.summary,
    command: command.name,
    values: { ...body, ...params },
    address: result?.address ?? null,
    addresses: result?.addresses ?? {},
    payer: signers[0],
    fee: {
      lamports: (signatures + priority).toString(),
      signatures: signatures.toString(),
      priority: priority.toString(),
    },
    balanceChange: balanceChange?.toString() ?? null,
  };
}
