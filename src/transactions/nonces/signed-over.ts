import type { ManagedTransaction } from '../managed-transaction.js';

/** A value that a nonce account has or had. */
export interface NonceValue {
  readonly address: string;
  readonly value: string;
}

/**
 * Whether bytes of a request are signed over this very value, or were handed out to be signed over it: then they may land as
 * long as the account has it. Over another value of the same account says nothing: that one can be over already.
 */
export function isSignedOver(
  { attempts, prepared }: Pick<ManagedTransaction, 'attempts' | 'prepared'>,
  { address, value }: NonceValue,
): boolean {
  const lifetimes = [...attempts.map(({ lifetime }) => lifetime), ...(prepared ? [prepared.lifetime] : [])];
  return lifetimes.some((one) => one.kind === 'nonce' && one.account === address && one.value === value);
}
