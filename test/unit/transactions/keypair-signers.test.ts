import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair, PublicKey, SystemProgram } from '@solana/web3.js';
import bs58 from 'bs58';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/config/secret.js';
import { compileTransaction, signTransaction, wireBytes } from '../../../src/transactions/compile-transaction.js';
import { KeypairSigners, loadSigners } from '../../../src/transactions/keypair-signers.js';

let directory: string;
const one = Keypair.generate();
const two = Keypair.generate();

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-signers-'));
});
afterAll(() => rm(directory, { recursive: true }));

async function file(content: string): Promise<string> {
  const path = join(directory, `${Math.abs(content.length)}-${content.slice(1, 4).replaceAll(/\W/g, '')}.json`);
  await writeFile(path, content);
  return path;
}

const LIFETIME = { kind: 'blockhash', blockhash: PublicKey.default.toBase58(), lastValidBlockHeight: 1 } as const;
const NO_FEE = { unitLimit: null, unitPrice: 0 };

describe('loadSigners', () => {
  it('takes files first, then keys, and signs as web3.js does', async () => {
    const path = await file(JSON.stringify([...one.secretKey]));
    const signers = await loadSigners({ keypairPaths: [path], secretKeys: [new Secret(bs58.encode(two.secretKey))] });
    expect(signers.addresses).toEqual([one.publicKey.toBase58(), two.publicKey.toBase58()]);
    const instruction = SystemProgram.transfer({ fromPubkey: two.publicKey, toPubkey: one.publicKey, lamports: 1 });
    const unsigned = { instructions: [instruction], payer: one.publicKey.toBase58() };
    const expected = compileTransaction(unsigned, LIFETIME, NO_FEE);
    expected.sign([one, two]);
    const { wire, signature } = await signTransaction(compileTransaction(unsigned, LIFETIME, NO_FEE), signers);
    expect(wire).toEqual(expected.serialize());
    expect(signature).toBe(bs58.encode(expected.signatures[0] as Uint8Array));
  });

  it.each([
    ['no JSON', 'seed phrase words'],
    ['no bytes', '[1, 2, 300]'],
    ['too few bytes', JSON.stringify([...one.secretKey.slice(0, 32)])],
    ['halves of two keys', JSON.stringify([...one.secretKey.slice(0, 32), ...two.secretKey.slice(32)])],
  ])('refuses a file with %s, without showing it', async (_, content) => {
    const path = await file(content);
    const error = await loadSigners({ keypairPaths: [path], secretKeys: [] }).catch(
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toMatchObject({ code: 'signer-invalid' });
    expect((error as Error).message).toContain(path);
    expect((error as Error).message).not.toContain(content.slice(0, 12));
  });

  it('does not sign for an address it does not hold', async () => {
    await expect(new KeypairSigners([]).sign('x', new Uint8Array())).rejects.toMatchObject({ code: 'signer-not-held' });
  });
});

describe('wireBytes', () => {
  it('refuses what no packet holds', () => {
    const instructions = Array.from({ length: 40 }, () =>
      SystemProgram.transfer({ fromPubkey: one.publicKey, toPubkey: Keypair.generate().publicKey, lamports: 1 }),
    );
    const big = compileTransaction({ instructions, payer: one.publicKey.toBase58() }, LIFETIME, NO_FEE);
    expect(() => wireBytes(big)).toThrow(expect.objectContaining({ code: 'transaction-too-large' }) as Error);
  });
});
