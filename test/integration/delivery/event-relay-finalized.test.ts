import { afterEach, beforeEach, expect, it } from 'vitest';
import { logEveryEvent } from '../../../src/pipeline/log-commit.js';
import { generateHistory } from '../../support/coupon-history.js';
import { interruptedDatabase } from '../core/interrupted-database.js';
import { openStableBench, type StableBench } from '../core/stable-bench.js';
import { openRelayBench, type RelayBench } from './relay-bench.js';

let ledger: StableBench;
let bench: RelayBench;
beforeEach(async () => {
  ledger = await openStableBench();
  bench = await openRelayBench(ledger.db, 'coupons');
  await bench.addEnvironment('env_a', null);
  await bench.addEnvironment('env_b', null);
  await bench.addDispatcher('env_a', 'finalized');
  await bench.addDispatcher('env_b', 'confirmed');
});
afterEach(() => ledger.close());

const { transactions } = generateHistory(5, 30);
const lastSlot = transactions.at(-1)?.slot ?? 0;
/** One alone in its slot, which becomes known when its slot was told already. */
const late = transactions.find(
  ({ slot }, index) => index > 4 && transactions.filter((other) => other.slot === slot).length === 1,
)!;

it('tells what is final once, late or not, by a new process for each step, and never what a fork dropped (002-9, I7)', async () => {
  const dropped = transactions.at(-1)!;
  await (await bench.relay()).pass();
  await ledger.ingest(transactions.filter((one) => one !== late));
  ledger.chain.drop(dropped.signature);
  const half = transactions[12]!.slot;
  await ledger.settle(half);
  await (await bench.relay()).pass();
  await (await bench.relay()).pass();
  await ledger.settle(lastSlot);
  await ledger.settle(lastSlot);
  await (await bench.relay()).pass();
  await ledger.ingest([late]);
  await ledger.settle(lastSlot);
  await (await bench.relay()).pass();
  await (await bench.relay()).pass();
  const told = await bench.records();
  const final = await ledger.records({ kind: 'event', commitment: 'finalized', state: { $ne: 'orphaned' } });
  expect(told.map(({ eventId }) => eventId).sort()).toEqual(final.map(({ _id }) => `${_id}~0/finalized`).sort());
  expect(final.some(({ signature }) => signature === late.signature)).toBe(true);
  expect(final.some(({ signature }) => signature === dropped.signature)).toBe(false);
  expect(new Set(told.map(({ environment }) => environment))).toEqual(new Set(['env_a']));
});

it('tells what takes effect and is final while it looks as confirmed first (002-9)', async () => {
  await bench.addDispatcher('env_a', 'confirmed');
  logEveryEvent(ledger.work.lease, true);
  await (await bench.relay()).pass();
  let looks = 0;
  const { db } = interruptedDatabase(ledger.db, async (_, name) => {
    // Commits were looked for by then; the first look is where the stream begins.
    if (name !== 'stable_streams.findOne' || (looks += 1) !== 2) return;
    await ledger.ingest(transactions);
    await ledger.settle(lastSlot);
  });
  await (await bench.relay({ db })).pass();
  const told = await bench.records({ environment: 'env_a' });
  const ids = (commitment: string) =>
    told.filter((record) => record.commitment === commitment).map(({ eventId }) => eventId.split('~')[0]);
  expect(ids('finalized').length).toBe(transactions.flatMap(({ events }) => events).length);
  expect(ids('confirmed').sort()).toEqual(ids('finalized').sort());
  for (const [place, { eventId, commitment }] of told.entries()) {
    if (commitment !== 'finalized') continue;
    const confirmed = told.findIndex((record) => record.eventId === eventId.replace('finalized', 'confirmed'));
    expect(confirmed).toBeGreaterThan(-1);
    expect(confirmed).toBeLessThan(place);
  }
});
