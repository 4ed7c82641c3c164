import { PublicKey, SystemProgram, type TransactionInstruction } from '@solana/web3.js';
import type { AccountInfo } from '../../chain/chain-port.js';
import { NONCE_ACCOUNT_BYTES, parseNonceAccount, SYSTEM_PROGRAM } from './nonce-account.js';
import { nonceSeed } from './nonce-address.js';
import { nonceInstruction } from './nonce-instruction.js';
import type { NonceProblem } from './stored-nonce.js';

/** A nonce account as it is to be, and what is at its address. */
export interface WantedNonce {
  readonly address: string;
  /** Signs for it and pays. */
  readonly authority: string;
  readonly index: number;
  readonly account: AccountInfo | null;
}

/** What makes an address the nonce account that is wanted. */
export type NoncePlan =
  | { readonly kind: 'there' }
  | { readonly kind: 'impossible'; readonly reason: NonceProblem }
  /** `over`: the value to sign over in the place of a blockhash, for what must not be done twice. */
  | {
      readonly kind: 'make';
      readonly instructions: readonly TransactionInstruction[];
      readonly lamports: bigint;
      readonly over: string | null;
    };

/**
 * Plans one account. Each plan can take effect once only, however often it is sent: a second making or initialising is
 * refused by the chain, and missing lamports are paid over the account's own nonce value. `rent`: what the account needs.
 */
export function planNonce({ address, authority, index, account }: WantedNonce, rent: bigint): NoncePlan {
  const from = { fromPubkey: new PublicKey(authority), basePubkey: new PublicKey(authority), seed: nonceSeed(index) };
  const noncePubkey = new PublicKey(address);
  const initialize = SystemProgram.nonceInitialize({ noncePubkey, authorizedPubkey: from.basePubkey });
  if (account === null || account.lamports === 0n) {
    const create = SystemProgram.createAccountWithSeed({
      ...{ ...from, newAccountPubkey: noncePubkey, lamports: Number(rent) },
      ...{ space: NONCE_ACCOUNT_BYTES, programId: SystemProgram.programId },
    });
    return { kind: 'make', instructions: [create, initialize], lamports: rent, over: null };
  }
  const missing = account.lamports < rent ? rent - account.lamports : 0n;
  const pay =
    missing === 0n
      ? []
      : [
          SystemProgram.transfer({
            ...{ fromPubkey: from.fromPubkey, toPubkey: noncePubkey, lamports: Number(missing) },
          }),
        ];
  const make = (instructions: readonly TransactionInstruction[], over: string | null): NoncePlan => ({
    ...{ kind: 'make', instructions, lamports: missing, over },
  });
  if (account.owner === SYSTEM_PROGRAM && account.data.length === 0) {
    // Anybody can send lamports to an address: it cannot be created any more, but allocated.
    const allocate = SystemProgram.allocate({
      ...{ accountPubkey: noncePubkey, basePubkey: from.basePubkey, seed: from.seed },
      ...{ space: NONCE_ACCOUNT_BYTES, programId: SystemProgram.programId },
    });
    return make([...pay, allocate, initialize], null);
  }
  const reading = parseNonceAccount(account);
  if (reading.kind === 'refused') {
    return reading.reason === 'uninitialised'
      ? make([...pay, initialize], null)
      : { kind: 'impossible', reason: reading.reason };
  }
  if (reading.authority !== authority) return { kind: 'impossible', reason: 'other-authority' };
  return missing === 0n ? { kind: 'there' } : make([nonceInstruction(address, authority), ...pay], reading.value);
}
