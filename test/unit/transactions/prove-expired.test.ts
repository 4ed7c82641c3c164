import bs58 from 'bs58';
import { describe, expect, it } from 'vitest';
import { proveExpired, type ExpiryWitness } from '../../../src/transactions/prove-expired.js';
import { NONCE_ACCOUNT_BYTES, SYSTEM_PROGRAM } from '../../../src/transactions/nonces/nonce-account.js';

const value = (byte: number) => bs58.encode(new Uint8Array(32).fill(byte));

/** An initialised nonce account whose value is that byte. */
function nonceAccount(byte: number) {
  const data = new Uint8Array(NONCE_ACCOUNT_BYTES);
  data[0] = 1;
  data[4] = 1;
  data.fill(byte, 40, 72);
  return { owner: SYSTEM_PROGRAM, lamports: 1n, data };
}

interface Node {
  /** Finalized. */
  readonly slot: number;
  readonly height: number;
  readonly value: number;
}

/** One address with two nodes behind it: each question goes to the one that is given for it. */
function behindOneAddress(nodes: {
  readonly lifetime: Node;
  readonly height?: Node;
  readonly status: Node;
}): ExpiryWitness {
  const { lifetime, height = lifetime, status } = nodes;
  return {
    epochInfo: async () => ({ slot: lifetime.slot, blockHeight: lifetime.height }),
    blockHeight: async () => height.height,
    accounts: async () => ({ contextSlot: lifetime.slot, accounts: [nonceAccount(lifetime.value)] }),
    signatureStatuses: async () => ({ contextSlot: status.slot + 32, statuses: [null] }),
    transaction: async () => null,
  };
}

const overBlockhash = {
  signature: 'blockhash',
  lifetime: { kind: 'blockhash', blockhash: 'hash', lastValidBlockHeight: 1_000 },
} as const;
const overNonce = {
  signature: 'nonce',
  lifetime: { kind: 'nonce', account: bs58.encode(new Uint8Array(32).fill(9)), value: value(1), asOfSlot: 1_800 },
} as const;

/** It landed at height 990, in slot 1990: the first knows it, the second has not come so far. */
const AHEAD: Node = { slot: 2_050, height: 1_050, value: 2 };
const BEHIND: Node = { slot: 1_900, height: 900, value: 1 };

describe('I9: nodes behind one address prove nothing together', () => {
  it.each([overBlockhash, overNonce])(
    'over a $lifetime.kind: ahead says it is over, behind lacks it',
    async (attempt) => {
      const address = behindOneAddress({ lifetime: AHEAD, status: BEHIND });
      expect([...(await proveExpired([address, address], [attempt]))]).toEqual([]);
    },
  );

  it.each([overBlockhash, overNonce])('over a $lifetime.kind: behind says it is not over', async (attempt) => {
    const address = behindOneAddress({ lifetime: BEHIND, height: AHEAD, status: AHEAD });
    expect([...(await proveExpired([address, address], [attempt]))]).toEqual([]);
  });

  it('one that has not come to the value yet has the one before it, and says nothing', async () => {
    const node: Node = { slot: 1_700, height: 700, value: 7 };
    expect([...(await proveExpired([behindOneAddress({ lifetime: node, status: node })], [overNonce]))]).toEqual([]);
  });

  it('a height that is not final yet is no end, whatever slot comes with it', async () => {
    const address = behindOneAddress({ lifetime: AHEAD, height: BEHIND, status: AHEAD });
    expect([...(await proveExpired([address, address], [overBlockhash]))]).toEqual([]);
  });

  it('one that is past the end and lacks it does', async () => {
    const address = behindOneAddress({ lifetime: AHEAD, status: AHEAD });
    expect(await proveExpired([address, address], [overBlockhash])).toEqual(new Set(['blockhash']));
    expect(await proveExpired([address, address], [overNonce])).toEqual(new Set(['nonce']));
  });
});
