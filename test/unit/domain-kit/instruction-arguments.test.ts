import { Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import { createInstructionBuilder } from '../../../src/domain-kit/command-instruction.js';

const address = () => Keypair.generate().publicKey.toBase58();
const DISCRIMINATOR = [1, 2, 3, 4, 5, 6, 7, 8];
const PLACE = { name: 'place', type: { defined: { name: 'Place' } } };
const FIELDS = [
  { name: 'owner', type: 'pubkey' },
  { name: 'oracle', type: { option: 'pubkey' } },
  { name: 'nobody', type: { option: 'pubkey' } },
  { name: 'friends', type: { vec: 'pubkey' } },
  { name: 'pair', type: { array: ['pubkey', 2] } },
  { name: 'sums', type: { vec: { option: 'u64' } } },
  { name: 'note', type: 'bytes' },
  PLACE,
  { name: 'choice', type: { defined: { name: 'Choice' } } },
];
const idl = {
  address: address(),
  instructions: [{ name: 'keep', discriminator: DISCRIMINATOR, accounts: [], args: FIELDS }],
  accounts: [{ name: 'Kept', discriminator: DISCRIMINATOR }],
  types: [
    { name: 'Kept', type: { kind: 'struct', fields: FIELDS } },
    {
      name: 'Place',
      type: { kind: 'struct', fields: [{ name: 'at', type: { defined: { name: 'Key' } } }, FIELDS[5]] },
    },
    { name: 'Key', type: { kind: 'type', alias: { option: 'pubkey' } } },
    {
      name: 'Choice',
      type: {
        kind: 'enum',
        variants: [
          { name: 'None' },
          {
            name: 'One',
            fields: [
              { name: 'of', type: 'pubkey' },
              { name: 'sum', type: 'i128' },
            ],
          },
        ],
      },
    },
  ],
};

describe('the arguments of an instruction (003-12)', () => {
  it('are plain values at any depth: what is encoded decodes to what was given', () => {
    const [owner, oracle, friend, at, of] = [address(), address(), address(), address(), address()];
    const sums = [1n, null, 2n ** 64n - 1n];
    const values = {
      ...{ owner, oracle, nobody: null, friends: [friend, owner], pair: [oracle, friend], sums },
      ...{ note: Uint8Array.of(7, 8), place: { at, sums }, choice: { One: { of, sum: -5n } } },
    };
    const { data } = createInstructionBuilder(idl, idl.address)('keep', values, {});
    expect(compileProgramCodec(idl).decodeAccount(data)).toMatchObject({
      ok: true,
      data: { ...values, note: Buffer.of(7, 8), choice: { kind: 'one', of, sum: -5n } },
    });
  });

  it('are refused where a text is no address', () => {
    const build = createInstructionBuilder(idl, idl.address);
    expect(() => build('keep', { owner: 'nobody' }, {})).toThrow(/public key|base58/);
  });
});
