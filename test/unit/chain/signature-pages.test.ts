import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SignatureInfo } from '../../../src/chain/chain-port.js';
import type { PageCursor } from '../../../src/chain/page-cursor.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { type SignatureWalk, walkSignatures, type WalkOutcome } from '../../../src/chain/signature-pages.js';
import { PLACEHOLDER_SIGNATURE } from '../../../src/chain/subscription-state.js';
import { FakeHistory } from './fake-history.js';

type Chain = Parameters<typeof walkSignatures>[0];

async function walk(chain: Chain, options: Partial<SignatureWalk> = {}) {
  const pages: SignatureInfo[][] = [];
  const cursors: (PageCursor | null)[] = [];
  const steps = walkSignatures(chain, 'address', { fromSlot: 0, commitment: 'finalized', pageSize: 5, ...options });
  for (;;) {
    const step = await steps.next();
    if (step.done)
      return { outcome: step.value, signatures: pages.flat().map((info) => info.signature), pages, cursors };
    pages.push([...step.value.signatures]);
    cursors.push(step.value.cursor);
  }
}

const history = (slots: Record<number, number>, more: object = {}) =>
  new FakeHistory({ slots: new Map(Object.entries(slots).map(([slot, count]) => [Number(slot), count])), ...more });

/** Keeps whatever order it decided for a slot's size: a node that is consistent with itself. */
const rotated = (by: number) => (list: string[]) => list.map((_, index) => list[(index + by) % list.length]!);

describe('walkSignatures', () => {
  it('reads a slot again in full when a page ended within it', async () => {
    const chain = history({ 10: 2, 9: 2, 8: 4, 7: 1 });
    const { outcome, signatures } = await walk(chain);
    expect(signatures).toEqual(['10/0', '10/1', '9/0', '9/1', '8/0', '8/1', '8/2', '8/3', '7/0']);
    expect(outcome).toEqual({ reached: true, oldestSlot: 7 });
    // Continued above slot 8, not within it.
    expect(chain.queries.map((query) => query.before)).toEqual([undefined, '9/1', '8/3']);
  });

  it('stops once something below the lower bound was seen, and yields nothing below it', async () => {
    const chain = history({ 10: 2, 9: 2, 8: 2, 7: 5, 6: 5 });
    const { outcome, signatures } = await walk(chain, { fromSlot: 8 });
    expect(signatures).toEqual(['10/0', '10/1', '9/0', '9/1', '8/0', '8/1']);
    expect(outcome).toEqual({ reached: true, oldestSlot: 7 });
    expect(chain.queries).toHaveLength(2);
  });

  it('goes through a slot that is larger than a page', async () => {
    const chain = history({ 10: 1, 9: 23, 8: 2 });
    const { outcome, signatures } = await walk(chain);
    expect(signatures.sort()).toEqual(chain.all(0));
    expect(outcome).toEqual({ reached: true, oldestSlot: 8 });
  });

  it('believes an empty history only where the node has the blocks', async () => {
    expect((await walk(history({}))).outcome).toEqual({ reached: true, oldestSlot: null });
    const pruned = history({ 50: 1, 10: 3 }, { firstAvailable: 40 });
    expect((await walk(pruned, { fromSlot: 5 })).outcome).toEqual({ reached: false, reason: 'history-missing' });
    expect((await walk(pruned, { fromSlot: 40 })).outcome).toEqual({ reached: true, oldestSlot: 50 });
  });

  it('notices that the node behind the address changed', async () => {
    const chain = history({ 10: 2, 9: 2, 8: 4, 7: 1 });
    // It knows the cursor, and lacks the slot that has to show up again.
    const other = history({ 9: 2, 7: 1 });
    const switching: Chain = {
      signaturesFor: (address, query) => (query.before ? other : chain).signaturesFor(address, query),
      firstAvailableBlock: () => chain.firstAvailableBlock(),
      signatureStatuses: (signatures) => chain.signatureStatuses(signatures),
    };
    const { outcome } = await walk(switching);
    expect(outcome).toEqual({ reached: false, reason: 'inconsistent' });
    // Also where the cursor had to be within a slot, which leaves only the cursor itself to ask about.
    const single = history({ 10: 5 });
    const lost: Chain = {
      ...bound(other),
      signaturesFor: async (a, q) => (q.before ? [] : single.signaturesFor(a, q)),
    };
    expect((await walk(lost)).outcome).toEqual({ reached: false, reason: 'inconsistent' });
    expect((await walk(single)).outcome).toEqual({ reached: true, oldestSlot: 10 });
  });

  it('ends with the reason when the node fails, and can be resumed from its cursor', async () => {
    const failing = (request: number) => (request === 3 ? new RpcError('timeout', 'x') : undefined);
    const chain = history({ 10: 2, 9: 2, 8: 2, 7: 2, 6: 2, 5: 2, 4: 2 }, { failing });
    const first = await walk(chain);
    expect(first.outcome).toEqual({ reached: false, reason: 'timeout' });
    const startAt = first.cursors.at(-1);
    const second = await walk(chain, { startAt: JSON.parse(JSON.stringify(startAt)) as PageCursor });
    expect(second.outcome).toEqual({ reached: true, oldestSlot: 4 });
    expect([...new Set([...first.signatures, ...second.signatures])].sort()).toEqual(chain.all(0));
  });

  it('lets errors that are not of the chain pass', async () => {
    const chain: Chain = { ...bound(history({})), signaturesFor: () => Promise.reject(new TypeError('a bug')) };
    await expect(walk(chain)).rejects.toThrow(TypeError);
  });

  it('gets stuck, and says so, when a node serves the same page for ever', async () => {
    const page = await history({ 10: 5 }).signaturesFor('', { limit: 5, commitment: 'finalized' });
    const { outcome } = await walk({ ...bound(history({})), signaturesFor: async () => page });
    expect(outcome).toEqual({ reached: false, reason: 'stuck' });
  });

  it('does not follow a node that ignores the cursor', async () => {
    const page = await history({ 10: 1, 9: 1, 8: 3 }).signaturesFor('', { limit: 5, commitment: 'finalized' });
    const { outcome, signatures } = await walk({ ...bound(history({})), signaturesFor: async () => page });
    expect(outcome).toEqual({ reached: false, reason: 'inconsistent' });
    expect(signatures).toHaveLength(5);
  });

  it('drops placeholders and what is not as settled as asked (Surfnet lists both)', async () => {
    const entry = (signature: string, commitment: SignatureInfo['commitment']): SignatureInfo => {
      return { signature, slot: 10, failed: false, blockTime: null, commitment };
    };
    const page = [
      entry('a', 'confirmed'),
      entry(PLACEHOLDER_SIGNATURE, 'finalized'),
      entry('b', null),
      entry('c', 'finalized'),
    ];
    const chain: Chain = { ...bound(history({})), signaturesFor: async () => page };
    expect((await walk(chain)).signatures).toEqual(['b', 'c']);
    expect((await walk(chain, { commitment: 'confirmed' })).signatures).toEqual(['a', 'b', 'c']);
  });

  it('hands minContextSlot to the node', async () => {
    const chain = history({ 10: 1 });
    await walk(chain, { minContextSlot: 77 });
    expect(chain.queries[0]).toEqual({ limit: 5, commitment: 'finalized', minContextSlot: 77 });
  });
});

const slotSizes = (largest: number) =>
  fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: largest })), { maxLength: 25 });

describe('walking is complete', () => {
  it('on a node with any fixed order, whatever the sizes of slots and pages: each signature once, newest first', async () => {
    await fc.assert(
      fc.asyncProperty(
        slotSizes(30),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 60 }),
        fc.nat(7),
        async (sizes, pageSize, fromSlot, by) => {
          const chain = new FakeHistory({ slots: new Map(sizes), order: rotated(by) });
          const { outcome, signatures, pages } = await walk(chain, { pageSize, fromSlot });
          expect(outcome.reached).toBe(true);
          expect([...signatures].sort()).toEqual(chain.all(fromSlot));
          const slots = pages.flat().map((info) => info.slot);
          expect(slots).toEqual([...slots].sort((a, b) => b - a));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('behind a load balancer whose nodes each order slots differently, while two slots fit on a page', async () => {
    await fc.assert(
      fc.asyncProperty(
        slotSizes(6),
        fc.integer({ min: 12, max: 20 }),
        fc.integer({ min: 0, max: 60 }),
        fc.infiniteStream(fc.nat(5)),
        async (sizes, pageSize, fromSlot, turns) => {
          const order = (list: string[]) => rotated(turns.next().value as number)(list);
          const chain = new FakeHistory({ slots: new Map(sizes), order });
          const { outcome, signatures } = await walk(chain, { pageSize, fromSlot });
          expect(outcome.reached).toBe(true);
          expect([...signatures].sort()).toEqual(chain.all(fromSlot));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('or says that it is not: a node whose history starts too late never reaches the lower bound', async () => {
    await fc.assert(
      fc.asyncProperty(
        slotSizes(8),
        fc.integer({ min: 2, max: 12 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 60 }),
        async (sizes, pageSize, firstAvailable, fromSlot) => {
          const chain = new FakeHistory({ slots: new Map(sizes), firstAvailable });
          const { outcome, signatures } = await walk(chain, { pageSize, fromSlot });
          const expected: WalkOutcome['reached'] = firstAvailable <= fromSlot;
          expect(outcome.reached).toBe(expected);
          if (outcome.reached) expect([...signatures].sort()).toEqual(chain.all(fromSlot));
        },
      ),
    );
  });
});

function bound(chain: FakeHistory): Chain {
  return {
    signaturesFor: (address, query) => chain.signaturesFor(address, query),
    firstAvailableBlock: () => chain.firstAvailableBlock(),
    signatureStatuses: (signatures) => chain.signatureStatuses(signatures),
  };
}

it('does not take a page that is shorter than asked for as the end of history (I4)', async () => {
  const whole = history({ 10: 2, 9: 2, 8: 4, 7: 1, 6: 3 });
  // A provider's own limit: it never gives more than four.
  const capped: Chain = {
    ...bound(whole),
    signaturesFor: async (address, query) =>
      whole.signaturesFor(address, { ...query, limit: Math.min(4, query.limit) }),
  };
  const { outcome, signatures } = await walk(capped, { pageSize: 1_000 });
  expect(signatures.sort()).toEqual(whole.all(0));
  expect(outcome).toEqual({ reached: true, oldestSlot: 6 });
});
