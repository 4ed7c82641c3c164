import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteLamports, UnexpectedShape } from '../../../src/chain/answer-shape.js';
import type { ChainPort } from '../../../src/chain/chain-port.js';
import { JsonRpcChain } from '../../../src/chain/json-rpc-chain.js';
import type { RpcRequest } from '../../../src/chain/rpc-transport.js';

interface Asked {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** A chain whose node answers with whatever `answer` gives. */
function chainAnswering(answer: (asked: Asked) => unknown): { chain: ChainPort; asked: Asked[] } {
  const asked: Asked[] = [];
  const call = async <T>({ method, params, read }: RpcRequest<T>): Promise<T> => {
    asked.push({ method, params });
    return read(answer({ method, params }));
  };
  return { chain: new JsonRpcChain({ call }), asked };
}

const context = (slot: number) => ({ apiVersion: '4.1.2', slot });
const account = { data: ['AQI=', 'base64'], executable: false, lamports: 5, owner: 'o', rentEpoch: 0, space: 2 };

describe('JsonRpcChain', () => {
  it('reads a page of signatures', async () => {
    const { chain, asked } = chainAnswering(() => [
      {
        blockTime: 1,
        confirmationStatus: 'confirmed',
        err: { InstructionError: [0, 1] },
        memo: null,
        signature: 'a',
        slot: 3,
      },
      { blockTime: null, err: null, memo: null, signature: 'b', slot: 2 },
    ]);
    expect(await chain.signaturesFor('addr', { limit: 2, commitment: 'confirmed', before: 'z' })).toEqual([
      { signature: 'a', slot: 3, failed: true, blockTime: 1, commitment: 'confirmed' },
      { signature: 'b', slot: 2, failed: false, blockTime: null, commitment: null },
    ]);
    expect(asked).toEqual([
      { method: 'getSignaturesForAddress', params: ['addr', { limit: 2, commitment: 'confirmed', before: 'z' }] },
    ]);
  });

  it('reads a slot and the block height there from one answer', async () => {
    const { chain, asked } = chainAnswering(() => ({ absoluteSlot: 112, blockHeight: 82, epoch: 0, slotIndex: 81 }));
    expect(await chain.epochInfo('finalized')).toEqual({ slot: 112, blockHeight: 82 });
    expect(asked).toEqual([{ method: 'getEpochInfo', params: [{ commitment: 'finalized' }] }]);
  });

  it('does not take another transaction for the one it asked for (I1)', async () => {
    const answer = (signature: string) => ({ slot: 3, transaction: { signatures: [signature, 'cosigner'] }, meta: {} });
    const { chain } = chainAnswering(() => answer('a'));
    expect(await chain.transaction('a', 'finalized')).toEqual(answer('a'));
    for (const other of ['b', 'cosigner']) {
      await expect(chain.transaction(other, 'finalized')).rejects.toThrow('the transaction that was asked for');
    }
  });

  it('does not take an answer to nothing for a transaction of which nothing is left (I1, I5)', async () => {
    for (const nonsense of [{ context: 'none', value: 17 }, {}, { slot: 3 }]) {
      const { chain } = chainAnswering(() => nonsense);
      await expect(chain.transaction('a', 'finalized')).rejects.toThrow(UnexpectedShape);
    }
    const { chain } = chainAnswering(() => null);
    expect(await chain.transaction('a', 'finalized')).toBeNull();
  });

  it('does not take a missing err for a success', async () => {
    const { chain } = chainAnswering(() => [{ signature: 'a', slot: 3 }]);
    await expect(chain.signaturesFor('addr', { limit: 2, commitment: 'confirmed' })).rejects.toThrow(UnexpectedShape);
  });

  it('asks for transactions up to version 1 and passes unknown insides on', async () => {
    const { chain, asked } = chainAnswering(() => ({ version: 7, transaction: 'new' }));
    expect(await chain.transaction('s', 'confirmed')).toEqual({ version: 7, transaction: 'new' });
    expect(asked[0]?.params[1]).toMatchObject({ encoding: 'json', maxSupportedTransactionVersion: 1 });
  });

  it('takes no time before Solana was for the time of a block', async () => {
    const at = async (blockTime: number | null) => {
      const { chain } = chainAnswering(() => ({ parentSlot: 4, blockhash: 'b', previousBlockhash: 'a', blockTime }));
      const block = await chain.blockHeader(5, 'finalized');
      return block.kind === 'block' ? block.blockTime : undefined;
    };
    expect(await at(1_767_225_600)).toBe(1_767_225_600);
    // As Surfpool has it.
    expect(await at(1_767_225)).toBeNull();
    expect(await at(null)).toBeNull();
  });

  it('reads statuses with history, in chunks of 256, as of the lowest slot', async () => {
    let slot = 100;
    const { chain, asked } = chainAnswering(({ params }) => ({
      context: context(slot--),
      value: (params[0] as string[]).map((signature) =>
        signature === 's0' ? null : { slot: 9, err: null, confirmations: null, confirmationStatus: 'finalized' },
      ),
    }));
    const signatures = Array.from({ length: 300 }, (_, index) => `s${index}`);
    const { contextSlot, statuses } = await chain.signatureStatuses(signatures);
    expect(contextSlot).toBe(99);
    expect(statuses).toHaveLength(300);
    expect(statuses.slice(0, 2)).toEqual([
      null,
      { slot: 9, failed: false, commitment: 'finalized', confirmations: null },
    ]);
    expect(asked.map(({ params }) => (params[0] as string[]).length)).toEqual([256, 44]);
    expect(asked[0]?.params[1]).toEqual({ searchTransactionHistory: true });
  });

  it('refuses an answer with fewer entries than questions', async () => {
    const { chain } = chainAnswering(() => ({ context: context(1), value: [null] }));
    await expect(chain.signatureStatuses(['a', 'b'])).rejects.toThrow(UnexpectedShape);
    await expect(chain.accounts(['a', 'b'], 'confirmed')).rejects.toThrow(UnexpectedShape);
  });

  it('reads accounts in chunks of 100, as of the lowest slot', async () => {
    let slot = 50;
    const { chain, asked } = chainAnswering(({ params }) => ({
      context: context(slot++),
      value: (params[0] as string[]).map((address) => (address === 'a1' ? null : account)),
    }));
    const addresses = Array.from({ length: 201 }, (_, index) => `a${index}`);
    const answer = await chain.accounts(addresses, 'finalized');
    expect(answer.contextSlot).toBe(50);
    expect(answer.accounts).toHaveLength(201);
    expect(answer.accounts[0]).toEqual({ owner: 'o', lamports: 5n, data: Uint8Array.from([1, 2]) });
    expect(answer.accounts[1]).toBeNull();
    expect(asked.map(({ params }) => (params[0] as string[]).length)).toEqual([100, 100, 1]);
  });

  it('enforces minContextSlot itself: not every node does', async () => {
    const { chain } = chainAnswering(() => ({ context: context(5), value: [null] }));
    await expect(chain.accounts(['a'], 'confirmed', 6)).rejects.toMatchObject({ reason: 'not-ready' });
    expect((await chain.accounts(['a'], 'confirmed', 5)).contextSlot).toBe(5);
  });

  it('filters program accounts by discriminator', async () => {
    const { chain, asked } = chainAnswering(() => ({ context: context(5), value: [{ pubkey: 'p', account }] }));
    const answer = await chain.programAccounts('prog', { discriminator: Uint8Array.from([0, 1]) }, 'confirmed');
    expect(answer.accounts).toEqual([{ address: 'p', owner: 'o', lamports: 5n, data: Uint8Array.from([1, 2]) }]);
    expect(asked[0]?.params[1]).toEqual({
      commitment: 'confirmed',
      encoding: 'base64',
      withContext: true,
      filters: [{ memcmp: { offset: 0, bytes: '12' } }],
    });
  });

  it('refuses slots that are out of order or before the first', async () => {
    for (const slots of [[5, 4], [4, 4], [2], ['3'], [3.5], [-1]]) {
      const { chain } = chainAnswering(() => slots);
      await expect(chain.blocks(3, 5, 'finalized')).rejects.toThrow(UnexpectedShape);
    }
  });

  it('reads blockhashes, simulations and fees', async () => {
    const { chain } = chainAnswering(({ method }) => {
      if (method === 'getRecentPrioritizationFees') return [{ slot: 1, prioritizationFee: 7 }];
      const value = { blockhash: 'h', lastValidBlockHeight: 9, err: 'AccountNotFound', logs: null, unitsConsumed: 4 };
      return { context: context(5), value };
    });
    expect(await chain.latestBlockhash('confirmed')).toEqual({
      blockhash: 'h',
      lastValidBlockHeight: 9,
      contextSlot: 5,
    });
    expect(await chain.simulateTransaction(new Uint8Array(1), 'confirmed')).toEqual({
      contextSlot: 5,
      err: 'AccountNotFound',
      logs: [],
      unitsConsumed: 4,
      accounts: [],
    });
    expect(await chain.recentPriorityFees(['a'])).toEqual([{ slot: 1, fee: 7 }]);
  });

  it('sends exactly the bytes it was given', async () => {
    const { chain, asked } = chainAnswering(() => 'sig');
    const wire = Uint8Array.from([9, 1, 2, 3, 9]).subarray(1, 4);
    await chain.sendTransaction(wire, { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0 });
    expect(asked[0]?.params).toEqual([
      'AQID',
      { skipPreflight: true, preflightCommitment: 'confirmed', maxRetries: 0, encoding: 'base64' },
    ]);
  });

  it('answers or throws UnexpectedShape, whatever JSON the node makes up', async () => {
    const questions: ((chain: ChainPort) => Promise<unknown>)[] = [
      (chain) => chain.genesisHash(),
      (chain) => chain.slot('confirmed'),
      (chain) => chain.signaturesFor('a', { limit: 1, commitment: 'confirmed' }),
      (chain) => chain.transaction('a', 'confirmed'),
      (chain) => chain.signatureStatuses(['a']),
      (chain) => chain.block(1),
      (chain) => chain.blocks(1, 1, 'confirmed'),
      (chain) => chain.accounts(['a'], 'confirmed'),
      (chain) => chain.programAccounts('a', {}, 'confirmed'),
      (chain) => chain.latestBlockhash('confirmed'),
      (chain) => chain.simulateTransaction(new Uint8Array(1), 'confirmed'),
      (chain) => chain.recentPriorityFees([]),
    ];
    const shaped = fc.oneof(
      fc.jsonValue(),
      fc.record({ context: fc.record({ slot: fc.nat() }), value: fc.jsonValue() }),
      fc.array(
        fc.record({ signature: fc.jsonValue(), slot: fc.jsonValue(), err: fc.jsonValue(), data: fc.jsonValue() }),
      ),
    );
    await fc.assert(
      fc.asyncProperty(shaped, fc.constantFrom(...questions), async (answer, ask) => {
        const { chain } = chainAnswering(() => answer);
        const outcome = await ask(chain).catch((error: unknown) => error);
        if (outcome instanceof Error) expect(outcome).toBeInstanceOf(UnexpectedShape);
      }),
    );
  });
});

describe('quoteLamports', () => {
  it('keeps balances exact that a number cannot hold', async () => {
    const json = `{"context":{"slot":1},"value":[{"data":["","base64"],"lamports":18446744073709551615,"owner":"o"}]}`;
    const { chain } = chainAnswering(() => JSON.parse(quoteLamports(json)));
    expect((await chain.accounts(['a'], 'confirmed')).accounts[0]?.lamports).toBe(2n ** 64n - 1n);
  });

  it('never changes a string', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const value = { log: `"lamports": 12345678901234567890, ${text} "lamports":1234567890123456}` };
        expect(JSON.parse(quoteLamports(JSON.stringify(value)))).toEqual(value);
      }),
    );
  });
});
