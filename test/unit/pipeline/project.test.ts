import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentsOfAccounts, simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory, type CouponHistory } from '../../support/coupon-history.js';
import { commitInMemory, documentsInMemory } from '../../support/in-memory-projection-run.js';
import { InMemoryProjection } from '../../support/in-memory-projection.js';
import { seededRandom } from '../../../src/dev/seeded-random.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';

function recordsOfAll({ transactions }: CouponHistory): LedgerRecord[] {
  return transactions.flatMap((transaction) => [...recordsOf(transaction)]);
}

describe('the generated history', () => {
  const history = generateHistory(7, 300);
  const records = recordsOfAll(history);

  it('holds what the hard cases need', () => {
    const touched = new Map<string, LedgerRecord[]>();
    for (const record of records) {
      for (const touch of record.touches) touched.set(touch, [...(touched.get(touch) ?? []), record]);
    }
    const perDocument = [...touched.values()];
    expect(perDocument.filter((list) => list.length >= 5).length).toBeGreaterThan(10);
    const sharesSlot = (list: LedgerRecord[]) =>
      list.some((one) => list.some((other) => one.slot === other.slot && one.signature !== other.signature));
    expect(perDocument.filter(sharesSlot).length).toBeGreaterThan(5);
    const names = (touch: string) => touched.get(touch)?.map(({ name }) => name) ?? [];
    const listings = [...touched.keys()].filter((touch) => touch.startsWith('listings:'));
    const reopened = listings.filter((touch) => names(touch).filter((name) => name === 'CouponListed').length > 1);
    expect(reopened.length).toBeGreaterThan(2);
    expect(history.transactions.filter(({ events }) => events.length > 1).length).toBeGreaterThan(10);
    expect(new Set(records.map(({ name }) => name)).size).toBe(13);
  });

  it('folds to what the accounts say (I6): events and account handlers agree', () => {
    const { sales, ...states } = simpleFold(records);
    expect(states).toEqual(documentsOfAccounts(history));
    expect(Object.keys(sales ?? {})).toHaveLength(records.filter(({ name }) => name === 'CouponSold').length);
  });
});

/** A run: which history, and a seed for its order, batches, duplicates, rollbacks and re-landings. */
const run = fc.record({ history: fc.nat(10_000), length: fc.integer({ min: 5, max: 40 }), seed: fc.nat() });

it('ends in the same documents for any order, any batches and any duplicates, right at every step (I3, I6)', async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ history, length, seed }) => {
      const random = seededRandom(seed);
      const memory = new InMemoryProjection();
      const waiting = shuffled(recordsOfAll(generateHistory(history, length)), random);
      const done: LedgerRecord[] = [];
      while (waiting.length > 0) {
        const batch = waiting.splice(0, 1 + Math.floor(random() * 6));
        await commitInMemory(memory, batch, []);
        done.push(...batch);
        expect(documentsInMemory(memory)).toEqual(simpleFold(done));
        // The ledger keeps an event once; a projection that is told twice must not mind either.
        const again = done[Math.floor(random() * done.length)];
        if (!again || random() < 0.7) continue;
        await commitInMemory(memory, [again], []);
        expect(documentsInMemory(memory)).toEqual(simpleFold(done));
      }
    }),
    { numRuns: 25 },
  );
});

it('follows every rollback and re-landing among them (I3, I6, TRAPS 15)', async () => {
  await fc.assert(
    fc.asyncProperty(run, async ({ history, length, seed }) => {
      const random = seededRandom(seed);
      const memory = new InMemoryProjection();
      const all = generateHistory(history, length).transactions.map(recordsOf);
      const waiting = shuffled(
        all.map((_, position) => position),
        random,
      );
      const applied = new Map<number, readonly LedgerRecord[]>();
      const checked = async (add: readonly LedgerRecord[], remove: readonly LedgerRecord[]) => {
        await commitInMemory(memory, add, remove);
        expect(documentsInMemory(memory)).toEqual(simpleFold([...applied.values()].flat()));
      };
      for (let steps = 0; waiting.length > 0 || steps < 20; steps++) {
        const known = [...applied.keys()];
        const victim = known[Math.floor(random() * known.length)];
        if (victim !== undefined && random() < 0.3) {
          const dropped = applied.get(victim) ?? [];
          if (random() < 0.5) {
            applied.delete(victim);
            waiting.push(victim);
            await checked([], dropped.map(inLedger(memory)));
          } else {
            // Landed in another slot, as the same events or fewer: other neighbours before and after it.
            const slot = (dropped[0]?.slot ?? 0) + Math.floor(random() * 9) - 4;
            const elsewhere = dropped
              .slice(0, 1 + Math.floor(random() * dropped.length))
              .map((record) => ({ ...record, slot }));
            applied.set(victim, elsewhere);
            await checked(elsewhere, dropped.map(inLedger(memory)));
          }
          continue;
        }
        const next = waiting.splice(0, 1 + Math.floor(random() * 3));
        for (const position of next) applied.set(position, all[position] ?? []);
        await checked(
          next.flatMap((position) => [...(all[position] ?? [])]),
          [],
        );
      }
    }),
    { numRuns: 25 },
  );
});

it('is right again at the end of a run of forks: the documents equal the accounts (I6)', async () => {
  const history = generateHistory(99, 150);
  const random = seededRandom(5);
  const memory = new InMemoryProjection();
  const all = history.transactions.map(recordsOf);
  await commitInMemory(memory, shuffled(all.flat(), random), []);
  for (const records of shuffled(all, random).slice(0, 60)) {
    const elsewhere = records.map((record) => ({ ...record, slot: record.slot + 7 }));
    await commitInMemory(memory, elsewhere, records.map(inLedger(memory)));
    await commitInMemory(memory, [], elsewhere.map(inLedger(memory)));
    await commitInMemory(memory, records, []);
  }
  const { sales: _, ...states } = documentsInMemory(memory);
  expect(states).toEqual(documentsOfAccounts(history));
});

function inLedger(memory: InMemoryProjection): (record: LedgerRecord) => LedgerRecord {
  return ({ _id }) => {
    const record = memory.records.get(_id);
    if (!record) throw new Error(`not applied: ${_id}`);
    return record;
  };
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
