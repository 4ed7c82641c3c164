import { MooringError } from '../../lib/errors.js';

const LAMPORTS_PER_SOL = 1_000_000_000;
/** Per signature, where nobody pays for priority. */
const FEE_LAMPORTS = 5_000n;

/** What is to be paid for, and by whom. */
export interface NonceBill {
  readonly payer: string;
  /** Of the payer. */
  readonly balance: bigint;
  /** What the payer has to keep, so as to stay alive. */
  readonly kept: bigint;
  readonly accounts: number;
  /** For the accounts. */
  readonly lamports: bigint;
  readonly transactions: number;
}

/**
 * Refuses before anything is sent what could not be paid to the end.
 * @throws MooringError `insufficient-funds`, saying how much is missing.
 */
export function assertFunds({ payer, balance, kept, accounts, lamports, transactions }: NonceBill): void {
  const cost = lamports + BigInt(transactions) * FEE_LAMPORTS;
  const missing = cost + kept - balance;
  if (cost === 0n || missing <= 0n) return;
  throw new MooringError(
    'insufficient-funds',
    `${accounts} nonce account${accounts === 1 ? '' : 's'} cost ${inSol(cost)} with fees, and ${payer} has ${inSol(balance)}, ` +
      `of which ${inSol(kept)} stay: send it ${inSol(missing)} (${missing} lamports), then give the same command again.`,
  );
}

/** An amount of lamports for people, exact. */
export function inSol(lamports: bigint): string {
  return `${Number((Number(lamports) / LAMPORTS_PER_SOL).toFixed(9))} SOL`;
}
