import { afterAll, beforeAll, expect, it } from 'vitest';
import { withThrowingHandlers } from '../../../scripts/bench/isolation.js';
import { openLanes } from '../../../scripts/traffic/open-lanes.js';
import { openTraffic } from '../../../src/dev/traffic.js';
import { ownDomains } from '../../../src/domains/registry.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { eventually } from '../../support/eventually.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from '../core/running-worker.js';

const BROKEN = 'red-packets';
/** So many transactions that every kind of event happens. */
const ENOUGH = 120;

let chain: TestChain;
let running: RunningWorker;
beforeAll(async () => {
  chain = await createTestChain();
  const modules = ownDomains({ redPacketsCrown: 'always', stakeVaultAddress: null }).map(({ module }) =>
    module.name === BROKEN ? withThrowingHandlers(module) : module,
  );
  running = await startWorker(chain, await createTestDatabase(), modules, { START_SLOT: chain.startSlot });
});
afterAll(async () => {
  await running.stop();
  await chain.stop();
});

it('a program whose handlers throw for every event takes nothing from the others (000-8)', async () => {
  const people = {
    ...{ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl },
    fund: (address: Parameters<TestChain['fund']>[0], lamports: number) => chain.fund(address, lamports),
  };
  const market = await openTraffic({ ...people, stalls: 2, seed: 3 });
  const { lanes } = await openLanes(people);
  let landed = 0;
  const made = new Map<string, number>();
  const run = {
    until: () => landed >= ENOUGH,
    onLanded: ({ events }: { readonly events: readonly string[] }) => {
      landed += 1;
      for (const name of events) made.set(name, (made.get(name) ?? 0) + 1);
    },
  };
  await Promise.all([market.run(run), lanes.run(run)]);
  const happened = [...made.values()].reduce((sum, n) => sum + n, 0);
  const { foundation } = running;
  const { db } = foundation.mongo;
  const events = db.collection('ledger_events');
  await eventually(
    async () =>
      (await events.countDocuments({ kind: 'event' })) >= happened &&
      (await events.countDocuments({ state: 'received' })) === 0,
    { timeoutMs: 60_000, everyMs: 100 },
  );

  const states = async (program: string) => (await events.distinct('state', { program, kind: 'event' })) as string[];
  expect(await states(BROKEN)).toEqual(['dead']);
  expect(await states('coupons')).toEqual(['applied']);
  expect(await states('stake-vault')).toEqual(['applied']);
  expect(await db.collection('packets').countDocuments()).toBe(0);
  expect(await db.collection('packet_claims').countDocuments()).toBe(0);

  const others = foundation.modules.filter(({ module }) => module.name !== BROKEN);
  const report = await audit({ db, chain: foundation.pool.chain, clock }, others);
  expect(report.differences).toEqual([]);
  expect(report.documents).toBeGreaterThan(20);
});
