import { describe, expect, inject, it } from 'vitest';
import { benchBackfill } from '../../../scripts/bench/backfill.js';
import { benchDecoding } from '../../../scripts/bench/decoding.js';
import { benchDeliveries } from '../../../scripts/bench/deliveries.js';
import { judge } from '../../../scripts/bench/goals.js';
import { benchLatency } from '../../../scripts/bench/latency.js';
import { benchMatching } from '../../../scripts/bench/matching.js';
import { benchMemory } from '../../../scripts/bench/memory.js';
import { benchPipeline } from '../../../scripts/bench/pipeline.js';
import { benchReconcile } from '../../../scripts/bench/reconcile.js';
import { benchRouting } from '../../../scripts/bench/routing.js';
import { describeFigures } from '../../../scripts/bench/tables.js';
import { benchTransactions } from '../../../scripts/bench/transactions.js';
import '../../support/provided.js';

const quiet = () => undefined;

describe('every part of the bench measures', { timeout: 600_000 }, () => {
  it('decoding, with three decoders that find the same events', async () => {
    const decoding = await benchDecoding({ events: 200, lines: 400, rounds: 1 }, quiet);
    expect(decoding.ordinary.decodeTransaction).toBeGreaterThan(0);
    expect(decoding.ordinary.anchorEventParser).toBeGreaterThan(0);
    expect(decoding.long.lines).toBe(400);
    expect(describeFigures({ decoding }).join('\n')).toContain('one log of 400 lines');
  });

  it('matching, with four ways that match the same', async () => {
    const matching = await benchMatching({ events: 100, dispatchers: 50, rounds: 1 }, quiet);
    expect(matching.pairs).toBe(5_000);
    expect(matching.matching).toBeGreaterThan(100);
    expect(matching.strictOverMingo).toBeGreaterThan(0);
    expect(describeFigures({ matching }).join('\n')).toContain('5000 pairs');
    expect(judge({ matching })).toHaveLength(1);
  });

  it('deliveries, beside a queue that is longer the second time', async () => {
    const size = { backlogs: [50, 300], deliveries: 60, scheduled: 5 };
    const report = await benchDeliveries(inject('mongodbUri'), size, quiet);
    expect(report.sizes.map(({ backlog }) => backlog)).toEqual([50, 300]);
    expect(report.sizes.every(({ perSecond }) => perSecond > 0)).toBe(true);
    expect(describeFigures({ deliveries: report }).join('\n')).toContain('beside 300 that wait');
    expect(report.lateness).toMatchObject({ events: 5, early: 0 });
    expect(judge({ deliveries: report })).toHaveLength(3);
  });

  it('pipeline, against plain inserts of what it wrote', async () => {
    const sizes = [{ events: 200, rounds: 1 }];
    const pipeline = await benchPipeline(inject('mongodbUri'), { sizes, batchSize: 100 }, quiet);
    expect(pipeline.sizes[0]?.events).toBeGreaterThanOrEqual(200);
    expect(pipeline.sizes[0]?.documents).toBeGreaterThan(300);
    expect(pipeline.sizes[0]?.ratio).toBeGreaterThan(0);
    expect(judge({ pipeline })).toHaveLength(1);
  });

  it('latency, from an embedded chain through a worker in a process of its own', async () => {
    const latency = await benchLatency(inject('mongodbUri'), { events: 10, slotTimesMs: [50] }, quiet);
    const { slots } = latency;
    expect(judge({ latency }).map(({ value }) => value)).toEqual([slots[0]?.log.p99Ms, slots[0]?.cpi.p99Ms]);
    expect(slots[0]?.log.events).toBe(10);
    expect(slots[0]?.cpi.events).toBe(10);
    expect(slots[0]?.log.maxMs).toBeGreaterThan(0);
  });

  it('memory, of a process of its own', async () => {
    const options = { events: 400, stepEvents: 200, batchSize: 100 };
    const memory = await benchMemory(inject('mongodbUri'), options, quiet);
    expect(memory.samples.at(-1)?.applied).toBeGreaterThanOrEqual(400);
    expect(memory.maxRssMb).toBeGreaterThan(0);
  });

  it('backfill, of the real command, also where it is killed', async () => {
    const options = { events: 400, limitedEvents: 200, requestsPerSecond: 100, kills: 1, batchSize: 100 };
    const backfill = await benchBackfill(inject('mongodbUri'), options, quiet);
    expect(backfill.unlimited.events).toBeGreaterThanOrEqual(400);
    expect(backfill.limited.shareOfLimit).toBeGreaterThan(0);
    expect(backfill.killed).toEqual({ kills: 1, sameLedger: true, sameDocuments: true });
    expect(describeFigures({ backfill }).join('\n')).toContain('share of the limit');
    expect(backfill.memory.length).toBeGreaterThan(0);
    expect(judge({ backfill })).toHaveLength(3);
  });

  it('reconcile, of the real command: an empty database, a right one and a damaged one', async () => {
    const options = { sizes: [300], delayMs: 5, lookEveryMs: 200 };
    const reconcile = await benchReconcile(inject('mongodbUri'), options, quiet);
    const [size] = reconcile.sizes;
    expect(size?.first).toMatchObject({ documentsWritten: 300, recordsWritten: 300, found: 300, left: 0 });
    expect(size?.second.pass).toMatchObject({ documentsWritten: 0, recordsWritten: 0, found: 0, left: 0 });
    expect(size?.second.pass.requests).toBeGreaterThan(6);
    expect(size?.damage).toEqual({ changed: 10, deleted: 10, invented: 10 });
    expect(size?.third).toMatchObject({ mended: size?.third.found, left: 0 });
    expect(size?.third.documentsWritten).toBeGreaterThanOrEqual(30);
    expect(size?.wrong).toBe(0);
    expect(reconcile.maxRssMb).toBeGreaterThan(0);
    const goals = judge({ reconcile });
    expect(goals.filter(({ goal }) => /writes nothing|left wrong/.test(goal)).every(({ met }) => met)).toBe(true);
    expect(describeFigures({ reconcile }).join('\n')).toContain('300 accounts, first pass');
  });

  it('routing, to nodes in processes of their own that are killed (004-1.3)', async () => {
    const load = { termMs: 500, killEveryMs: 1_200, durationMs: 2_000, asksPerSecond: 100 };
    const routing = await benchRouting(inject('mongodbUri'), { nodes: 2, keys: 8, ...load }, quiet);
    const { asked, hits, unheld, heldElsewhere, kills, hitRate } = routing;
    expect(kills).toBe(1);
    expect(hits).toBeGreaterThan(0);
    expect(unheld).toBeGreaterThan(0);
    expect(hits + unheld + heldElsewhere).toBe(asked);
    expect(hitRate).toBeCloseTo(hits / asked, 3);
    expect(judge({ routing })).toHaveLength(1);
    expect(describeFigures({ routing }).join('\n')).toContain('8 keys, 2 nodes');
  });

  it('transactions: numbers, landing over HTTP, and beside a plain loop over a network that fails (004-q)', async () => {
    const options = {
      allocations: { rates: [200], clients: 10, durationMs: 300 },
      landing: {
        ...{ chain: 'surfnet' as const, slotTimeMs: 50, clients: 4 },
        ...{ quietMs: 300, shops: 2, mints: 4 },
      },
    };
    const transactions = await benchTransactions(inject('mongodbUri'), options, quiet);
    const { allocations, landing } = transactions;
    expect(allocations.open[0]?.allocations).toBe(60);
    expect(allocations.closed.allocations).toBeGreaterThanOrEqual(10);
    expect(allocations.closed.shared).toBeGreaterThan(0);
    expect(landing.quiet.landed).toBeGreaterThanOrEqual(4);
    expect(landing.mooring).toMatchObject({ requests: 4, doubled: 0, falseFailures: 0, falseSuccesses: 0 });
    expect(landing.plain.requests).toBe(4);
    expect(landing.plain.landed).toBeGreaterThan(0);
    expect(judge({ transactions })).toHaveLength(4);
    expect(describeFigures({ transactions }).join('\n')).toContain('asked for 200 times a second');
  }, 600_000);
});
