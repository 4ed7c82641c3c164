import { randomUUID } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { noteProjectingVersion } from '../../../src/ledger/projection-version.js';
import { requestReplay, type Replay } from '../../../src/ledger/replay-request.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Replayer } from '../../../src/recovery/replay.js';
import type { Documents } from '../../support/coupon-history-oracle.js';
import { couponsCodec, sweepNotice } from '../../support/coupon-history-render.js';
import type { HistoryTransaction } from '../../support/coupon-history.js';
import { bySignature, openCoreBench, silent, type CoreBench } from './core-bench.js';

/** Asks for a replay by this module. */
export async function ask(
  db: mongo.Db,
  module: DomainModule,
  options: Partial<Pick<Replay, 'fromSlot' | 'shadow'>> = {},
): Promise<Replay> {
  const wanted = { program: module.name, version: module.version, id: randomUUID(), total: 0 };
  return (await requestReplay(db, { ...wanted, fromSlot: null, shadow: false, ...options }, new Date())).replay;
}

/** A replayer whose bites are small. */
export function replayerOf(db: mongo.Db, module: DomainModule, work: LeaseWork, batchSize = 7): Replayer {
  return new Replayer({ db, clock, log: silent, batchSize }, module, couponsCodec, work);
}

/** Stores a history and applies it by the handlers of `module`. */
export async function build(
  bench: CoreBench,
  module: DomainModule,
  transactions: readonly HistoryTransaction[],
): Promise<LeaseWork> {
  for (const { collection } of module.models) await bench.db.collection(collection).findOne();
  await bench.ingestOf(bySignature(transactions), [], module).take(transactions.map(sweepNotice), 'finalized');
  const work = await bench.takeLease();
  await noteProjectingVersion(bench.db, module.name, module.version);
  await bench.drain(bench.projectorOf(work, { module }));
  return work;
}

/** What a database that never knew another version holds, and which of its records are dead. */
export async function fromScratch(
  module: DomainModule,
  transactions: readonly HistoryTransaction[],
): Promise<{ readonly documents: Documents; readonly dead: readonly string[] }> {
  const bench = await openCoreBench();
  try {
    await build(bench, module, transactions);
    return { documents: await bench.documents(module), dead: await deadIds(bench) };
  } finally {
    await bench.close();
  }
}

export async function deadIds(bench: CoreBench): Promise<string[]> {
  return (await bench.records({ state: 'dead' })).map(({ _id }) => _id).sort();
}
