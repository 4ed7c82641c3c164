import { describe, expect, inject, it } from 'vitest';
import { benchBackfill } from '../../../scripts/bench/backfill.js';
import { benchDecoding } from '../../../scripts/bench/decoding.js';
import { judge } from '../../../scripts/bench/goals.js';
import { benchLatency } from '../../../scripts/bench/latency.js';
import { benchMemory } from '../../../scripts/bench/memory.js';
import { benchPipeline } from '../../../scripts/bench/pipeline.js';
import { benchReconcile } from '../../../scripts/bench/reconcile.js';
import { describeFigures } from '../../../scripts/bench/tables.js';
import '../../support/provided.js';

const quiet = () => undefined;

describe('every part of the bench measures', { timeout: 120_000 }, () => {
  it('decoding, with three decoders that find the same events', async () => {
    const decoding = await benchDecoding({ events: 200, lines: 400, rounds: 1 }, quiet);
    expect(decoding.ordinary.decodeTransaction).toBeGreaterThan(0);
    expect(decoding.ordinary.anchorEventParser).toBeGreaterThan(0);
    expect(decoding.long.lines).toBe(400);
    expect(describeFigures({ decoding }).join('\n')).toContain('one log of 400 lines');
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
    const { slots } = await benchLatency(inject('mongodbUri'), { events: 10, slotTimesMs: [50] }, quiet);
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
});
