import { Keypair, PublicKey, SystemInstruction } from '@solana/web3.js';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileTransaction, wireBytes } from '../../../../src/transactions/compile-transaction.js';
import { SYSTEM_PROGRAM } from '../../../../src/transactions/nonces/nonce-account.js';
import { nonceAddress } from '../../../../src/transactions/nonces/nonce-address.js';
import { planNonce, type NoncePlan } from '../../../../src/transactions/nonces/plan-nonce.js';
import { rentExemption } from '../../../../src/transactions/nonces/rent-exemption.js';

const RENT = 1_447_680n;
const authority = Keypair.generate().publicKey.toBase58();
const value = Keypair.generate().publicKey;
let address: string;
beforeAll(async () => {
  address = await nonceAddress(authority, 7);
});

/** An initialised nonce account of this authority. */
function initialised(who: string): Uint8Array {
  const data = Buffer.alloc(80);
  data.writeUInt32LE(1, 0);
  data.writeUInt32LE(1, 4);
  data.set(new PublicKey(who).toBytes(), 8);
  data.set(value.toBytes(), 40);
  return data;
}

describe('planNonce (004-2.1)', () => {
  const plan = (lamports: bigint, data: Uint8Array, owner = SYSTEM_PROGRAM): NoncePlan =>
    planNonce({ address, authority, index: 7, account: { lamports, data, owner } }, RENT);
  const typesOf = (one: NoncePlan) =>
    one.kind === 'make'
      ? one.instructions.map((instruction) => SystemInstruction.decodeInstructionType(instruction))
      : one.kind;

  it('creates what is not there', () => {
    const create = planNonce({ address, authority, index: 7, account: null }, RENT);
    expect(create).toMatchObject({ kind: 'make', lamports: RENT, over: null });
    expect(typesOf(create)).toEqual(['CreateWithSeed', 'InitializeNonceAccount']);
  });

  it('pays only what is missing where somebody sent lamports, or the making stopped half-way', () => {
    const dusted = plan(1_000n, new Uint8Array(0));
    expect(dusted).toMatchObject({ lamports: RENT - 1_000n, over: null });
    expect(typesOf(dusted)).toEqual(['Transfer', 'AllocateWithSeed', 'InitializeNonceAccount']);
    expect(typesOf(plan(RENT, new Uint8Array(80)))).toEqual(['InitializeNonceAccount']);
  });

  it('pays what an account lacks over its own value, so that it can be paid once only', () => {
    const short = plan(RENT - 5n, initialised(authority));
    expect(short).toMatchObject({ lamports: 5n, over: value.toBase58() });
    expect(typesOf(short)).toEqual(['AdvanceNonceAccount', 'Transfer']);
    expect(plan(RENT, initialised(authority))).toEqual({ kind: 'there' });
  });

  it('leaves alone what is somebody else’s', () => {
    expect(plan(RENT, initialised(value.toBase58()))).toEqual({ kind: 'impossible', reason: 'other-authority' });
    expect(plan(RENT, new Uint8Array(80), authority)).toMatchObject({ reason: 'not-of-the-system-program' });
    expect(plan(RENT, new Uint8Array(3))).toMatchObject({ kind: 'impossible', reason: 'wrong-length' });
  });

  it('fits four of the longest plans, with the longest seeds, into a packet', async () => {
    const plans = await Promise.all(
      [999_999, 999_998, 999_997, 999_996].map(async (index) => {
        const account = { lamports: 1n, data: new Uint8Array(0), owner: SYSTEM_PROGRAM };
        return planNonce({ address: await nonceAddress(authority, index), authority, index, account }, RENT);
      }),
    );
    const instructions = plans.flatMap((one) => (one.kind === 'make' ? one.instructions : []));
    expect(instructions).toHaveLength(12);
    const lifetime = { kind: 'blockhash', blockhash: value.toBase58(), lastValidBlockHeight: 0 } as const;
    const transaction = compileTransaction({ instructions, payer: authority }, lifetime, {
      unitLimit: null,
      unitPrice: 0,
    });
    expect(() => wireBytes(transaction)).not.toThrow();
  });
});

describe('rentExemption (004-2.1)', () => {
  it('computes what the cluster asks for, and refuses what is no rent sysvar', () => {
    const sysvar = Buffer.alloc(17);
    sysvar.writeBigUInt64LE(3_480n, 0);
    sysvar.writeDoubleLE(2, 8);
    expect(rentExemption(sysvar, 80)).toBe(RENT);
    expect(rentExemption(sysvar, 0)).toBe(890_880n);
    expect(rentExemption(sysvar.subarray(1), 80)).toBeNull();
    sysvar.writeDoubleLE(Number.NaN, 8);
    expect(rentExemption(sysvar, 80)).toBeNull();
  });
});
