import type { mongo } from 'mongoose';
import { ensureAllIndexes } from '../../../src/app/ensure-all-indexes.js';
import { environments } from '../../../src/delivery/environments/environment-store.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';
import { eventRecords } from '../../../src/delivery/records/record-store.js';
import { EventRelay, type RelayDeps } from '../../../src/delivery/records/relay/event-relay.js';
import { tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork, type LeaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';

const NEVER = new AbortController().signal;

/** Environments, dispatchers and relays of one program on a database that a bench fills. */
export type RelayBench = Awaited<ReturnType<typeof openRelayBench>>;

export async function openRelayBench(db: mongo.Db, program: string) {
  await ensureAllIndexes(db, []);
  const warnings: string[] = [];
  const warn = (_: object, text: string) => void warnings.push(text);
  const deps: RelayDeps = {
    ...{ db, clock, metrics: createMetrics(), headSlot: () => 1_000, maxAgeMs: 3_600_000, eventsAtOnce: 3 },
    log: { debug: () => {}, info: () => {}, warn, error: () => {} },
  };
  /** The lease, whoever held it before. */
  async function takeLease(): Promise<LeaseWork> {
    const { held } = await tryAcquire(db, clock, `relay:${program}`, 'test', 0, null);
    if (!held) throw new Error('a lease of no term can always be taken');
    return leaseWork(held);
  }
  return {
    warnings,
    takeLease,
    /** A relay as of a process that has just started. */
    relay: async (changed: Partial<RelayDeps> = {}, work?: LeaseWork) => {
      const relay = new EventRelay({ ...deps, ...changed }, work ?? (await takeLease()), program);
      return { pass: () => relay.pass(NEVER) };
    },
    addEnvironment: async (_id: string, programs: readonly string[] | null) => {
      const at = new Date();
      await environments(db).insertOne({
        _id,
        slug: _id,
        name: _id,
        chain: { programs },
        createdAt: at,
        updatedAt: at,
      });
    },
    addDispatcher: async (environment: string, commitment: 'confirmed' | 'finalized', enabled = true) => {
      const heard = { events: [`${program}.Anything`, 'order.created'], source: 'chain', commitment, enabled };
      await db.collection('event_dispatchers').insertOne({ environment, dispatchableId: `${Math.random()}`, ...heard });
    },
    /** In the order they are told in. */
    records: (filter: mongo.Filter<EventRecord> = {}) =>
      eventRecords(db).find(filter).sort({ deliverAt: 1, createdAt: 1, _id: 1 }).toArray(),
  };
}
