import fc from 'fast-check';
import { expect, it } from 'vitest';
import { walkSignatures, type SignaturePage } from '../../../src/chain/signature-pages.js';
import { isSameListing } from '../../../src/recovery/listing-digest.js';
import { SpanListing, type ListedSlots, type Span, type WalkPosition } from '../../../src/recovery/span-listing.js';
import { FakeHistory } from '../chain/fake-history.js';

/** Walks a span, stopping after each of `pagesUntilCrash` pages and going on from what was kept by then. */
async function walkWithCrashes(chain: FakeHistory, span: Span, pageSize: number, pagesUntilCrash: readonly number[]) {
  let position: WalkPosition | null = null;
  const filled: ListedSlots[] = [];
  for (const pages of [...pagesUntilCrash, Infinity]) {
    const listing = new SpanListing(span, position);
    const walk = walkSignatures(chain, 'address', {
      ...{ fromSlot: span.fromSlot, commitment: 'finalized', pageSize },
      ...(position === null ? {} : { startAt: JSON.parse(JSON.stringify(position.cursor)) as WalkPosition['cursor'] }),
    });
    for (let page = 0; page < pages; page++) {
      const step: IteratorResult<SignaturePage, { reached: boolean }> = await walk.next();
      if (step.done) {
        expect(step.value.reached).toBe(true);
        const end = listing.end();
        if (end.full) filled.push(end.full);
        return { listing: end.listing, filled };
      }
      const added = listing.add(step.value);
      if (added.full) filled.push(added.full);
      if (added.position) position = JSON.parse(JSON.stringify(added.position)) as WalkPosition;
    }
  }
  throw new Error('the walk did not end');
}

const histories = fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 })), {
  maxLength: 15,
});
const spans = fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 30 })).map(([one, other]) => ({
  fromSlot: Math.min(one, other),
  toSlot: Math.max(one, other),
}));

it('lists the same wherever the walk is cut into pages or by crashes, even within a slot (I4)', async () => {
  await fc.assert(
    fc.asyncProperty(
      histories,
      spans,
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 6 }),
      async (slots, span, pageSize, crashes) => {
        const chain = new FakeHistory({ slots: new Map(slots) });
        const whole = await walkWithCrashes(chain, span, 1_000, []);
        const cut = await walkWithCrashes(chain, span, pageSize, crashes);
        const expected = chain.all(span.fromSlot).filter((name) => Number(name.split('/')[0]) <= span.toSlot);
        expect(whole.listing.count).toBe(expected.length);
        expect(isSameListing(cut.listing, whole.listing)).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

it('gives every slot of the span once it is listed in full, exactly once where nothing crashed (I4)', async () => {
  await fc.assert(
    fc.asyncProperty(histories, spans, fc.integer({ min: 1, max: 9 }), async (slots, span, pageSize) => {
      const chain = new FakeHistory({ slots: new Map(slots) });
      const { filled } = await walkWithCrashes(chain, span, pageSize, []);
      let next = span.toSlot;
      for (const full of filled) {
        expect(full.toSlot).toBe(next);
        const expected = chain.all(full.fromSlot).filter((name) => Number(name.split('/')[0]) <= full.toSlot);
        expect([...full.slotOf.keys()].sort()).toEqual(expected);
        next = full.fromSlot - 1;
      }
      expect(next).toBe(span.fromSlot - 1);
    }),
    { numRuns: 300 },
  );
});
