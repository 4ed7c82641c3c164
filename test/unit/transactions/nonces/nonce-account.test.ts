import { Keypair, NonceAccount } from '@solana/web3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNonceAccount, SYSTEM_PROGRAM } from '../../../../src/transactions/nonces/nonce-account.js';

/** The bytes as the system program writes them. */
function bytesOf(version: number, state: number, authority: Uint8Array, value: Uint8Array, fee: bigint): Uint8Array {
  const data = Buffer.alloc(80);
  data.writeUInt32LE(version, 0);
  data.writeUInt32LE(state, 4);
  data.set(authority, 8);
  data.set(value, 40);
  data.writeBigUInt64LE(fee, 72);
  return data;
}

const key = Keypair.generate().publicKey.toBytes();
const parse = (data: Uint8Array, owner = SYSTEM_PROGRAM) => parseNonceAccount({ owner, data });
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('parseNonceAccount (004-2.1)', () => {
  it('reads what web3.js reads, wherever the bytes are in a larger buffer', () => {
    fc.assert(
      fc.property(bytes32, bytes32, fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), fc.nat(16), (who, value, fee, at) => {
        const data = bytesOf(1, 1, who, value, fee);
        const theirs = NonceAccount.fromAccountData(data);
        const within = new Uint8Array(at + 80);
        within.set(data, at);
        expect(parse(within.subarray(at))).toEqual({
          ...{ kind: 'nonce', authority: theirs.authorizedPubkey.toBase58(), value: theirs.nonce },
          fee: BigInt(theirs.feeCalculator.lamportsPerSignature),
        });
      }),
    );
  });

  it.each([
    ['wrong-length', new Uint8Array(0)],
    ['wrong-length', bytesOf(1, 1, key, key, 5_000n).subarray(1)],
    ['wrong-length', new Uint8Array(81)],
    ['uninitialised', new Uint8Array(80)],
    ['uninitialised', bytesOf(1, 0, key, key, 0n)],
    ['legacy', bytesOf(0, 1, key, key, 5_000n)],
    ['unknown-version', bytesOf(2, 1, key, key, 5_000n)],
    ['unknown-state', bytesOf(1, 2, key, key, 5_000n)],
  ])('refuses what is %s', (reason, data) => {
    expect(parse(data)).toEqual({ kind: 'refused', reason });
  });

  it('refuses what another program owns', () => {
    const owner = Keypair.generate().publicKey.toBase58();
    expect(parse(bytesOf(1, 1, key, key, 0n), owner)).toEqual({ kind: 'refused', reason: 'not-of-the-system-program' });
  });

  it('is total', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (data) => {
        expect(['nonce', 'refused']).toContain(parse(data).kind);
      }),
    );
  });
});
