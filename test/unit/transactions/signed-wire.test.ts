import { Keypair, SystemProgram } from '@solana/web3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTransaction } from '../../../src/transactions/compile-transaction.js';
import { messageDifferences } from '../../../src/transactions/message-differences.js';
import {
  joinWire,
  messageHash,
  parseWire,
  signatureFaults,
  signersOf,
  type SignedWire,
} from '../../../src/transactions/signed-wire.js';

const [payer, cosigner, recipient] = [Keypair.generate(), Keypair.generate(), Keypair.generate()] as const;
const [payerAddress, cosignerAddress] = [payer.publicKey.toBase58(), cosigner.publicKey.toBase58()];
const transfer = (lamports: number) =>
  compileTransaction(
    {
      instructions: [payer, cosigner].map(({ publicKey }) =>
        SystemProgram.transfer({ fromPubkey: publicKey, toPubkey: recipient.publicKey, lamports }),
      ),
      payer: payerAddress,
    },
    { kind: 'blockhash', blockhash: recipient.publicKey.toBase58(), lastValidBlockHeight: 1 },
    { unitLimit: 1_000, unitPrice: 7 },
  );
const prepared = transfer(5);
const message = prepared.message.serialize();
prepared.sign([payer, cosigner]);
const wire = prepared.serialize();
const wallets = [payerAddress, cosignerAddress];

/** What a submission goes through, in its order. */
function verdict(bytes: Uint8Array): 'unreadable' | 'changed' | 'unsigned' | 'taken' {
  const submitted = parseWire(bytes);
  if (!submitted) return 'unreadable';
  if (messageDifferences(message, submitted.message).length > 0) return 'changed';
  const { missing, wrong } = signatureFaults(submitted, wallets);
  return missing.length + wrong.length > 0 ? 'unsigned' : 'taken';
}

describe('X-5: a submission is checked against what was prepared', () => {
  it('is taken as it was signed, and comes apart and together as the same bytes', () => {
    expect(verdict(wire)).toBe('taken');
    expect(joinWire(parseWire(wire) as SignedWire)).toEqual(wire);
    expect(signersOf(message)).toEqual(wallets);
  });

  it('with any byte changed, left out or added it is refused', () => {
    fc.assert(
      fc.property(fc.nat(wire.length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = Uint8Array.from(wire);
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        expect(verdict(bytes)).not.toBe('taken');
        expect(verdict(Uint8Array.from([...wire.slice(0, at), ...wire.slice(at + 1)]))).not.toBe('taken');
        expect(verdict(Uint8Array.from([...wire.slice(0, at), mask, ...wire.slice(at)]))).not.toBe('taken');
      }),
      { numRuns: 100 },
    );
    for (const tail of [[0], [1, 2, 3]]) expect(verdict(Uint8Array.from([...wire, ...tail]))).toBe('changed');
  });

  it('bytes of whatever kind are no transaction, or not this one, and never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1_232 }), (bytes) => {
        expect(['unreadable', 'changed']).toContain(verdict(bytes));
        expect(messageDifferences(message, bytes)).not.toEqual([]);
      }),
    );
  });

  it('every changed byte of the message is told of, with both values', () => {
    for (let at = 0; at < message.length; at++) {
      const bytes = Uint8Array.from(message);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const differences = messageDifferences(message, bytes);
      expect(differences).not.toEqual([]);
      for (const { prepared: before, submitted: after } of differences) expect(after).not.toEqual(before);
      expect(messageHash(bytes)).not.toBe(messageHash(message));
    }
    expect(messageDifferences(message, transfer(6).message.serialize()).map(({ part }) => part)).toEqual([
      'instruction 3 data',
      'instruction 4 data',
    ]);
  });
});

describe('X-5: signatures', () => {
  const signatures = prepared.signatures;
  const empty = new Uint8Array(64);

  it.each([
    ['all of them', signatures, wallets, [], []],
    ['none', [empty, empty], wallets, wallets, []],
    ['what the server adds may be missing', [empty, signatures[1]], [cosignerAddress], [], []],
    ['but not wrong', [signatures[1], signatures[1]], [cosignerAddress], [], [payerAddress]],
    ['in each other’s place', [signatures[1], signatures[0]], wallets, [], wallets],
  ])('%s', (_, given, needed, missing, wrong) => {
    expect(signatureFaults({ signatures: given as Uint8Array[], message }, needed)).toEqual({ missing, wrong });
  });
});
