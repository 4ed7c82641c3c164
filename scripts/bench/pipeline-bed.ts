import { randomBytes } from 'node:crypto';
import { compileProgramCodec } from '../../src/decoding/idl-codec.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { processHolderId } from '../../src/leases/lease-keeper.js';
import { leaseWork } from '../../src/leases/lease-work.js';
import { tryAcquire } from '../../src/leases/lease.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import type { Log } from '../../src/lib/log.js';
import { ensureLedgerIndexes } from '../../src/ledger/ledger-collections.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import { Projector } from '../../src/pipeline/projector.js';
import { ensureIndexes } from '../../src/store/model-indexes.js';
import { connectMongo, type MongoConnection } from '../../src/store/mongo-connection.js';

const LEASE_TERM_MS = 60_000;
const FINALITY_DELAY_MS = 35_000;

/** The ledger and every collection of the module: what the pipeline writes. */
export const WRITTEN_COLLECTIONS = ['ledger_events', ...coupons.models.map(({ collection }) => collection)];

/** A database of its own, as a worker finds it: empty, with all indexes. */
export interface BenchDatabase extends MongoConnection {
  readonly name: string;
  /** Removes the database and closes the connection. */
  drop(): Promise<void>;
}

/** A worker's pipeline without its listener. */
export interface PipelineBed {
  readonly ingest: Ingest;
  readonly projector: Projector;
  /** Records applied so far. */
  readonly applied: () => number;
}

/** Opens a new database, with the connection settings and indexes of a worker. */
export async function openBenchDatabase(uri: string): Promise<BenchDatabase> {
  const name = `mooring_bench_${randomBytes(6).toString('hex')}`;
  const connection = await connectMongo(uri, name);
  await ensureLedgerIndexes(connection.db);
  await ensureIndexes(connection.db, coupons.models);
  return {
    ...connection,
    name,
    drop: async () => {
      await connection.db.dropDatabase();
      await connection.close();
    },
  };
}

/** Builds the pipeline of the coupons module over a database, its lease held. Nothing may fail: what does, throws. */
export async function buildPipeline(database: MongoConnection, batchSize: number): Promise<PipelineBed> {
  const { db } = database;
  let applied = 0;
  const acquired = await tryAcquire(db, clock, `program:${coupons.name}`, processHolderId(), LEASE_TERM_MS, null);
  if (!acquired.held) throw new Error('the lease of a new database is held by somebody');
  const projector = new Projector(
    {
      db,
      clock,
      random: Math.random,
      log: throwingLog,
      retry: { attempts: 1, backoff: { firstMs: 0, maxMs: 0, jitter: 0 } },
      batchSize,
      onApplied: (_, records) => (applied += records.length),
      onFailed: (_, failed) => {
        throw new Error(`a benched event could not be applied: ${failed[0]?.error}`);
      },
    },
    coupons,
    leaseWork(acquired.held),
  );
  const ingest = new Ingest(
    {
      db,
      clock,
      fetchTransaction: async () => {
        throw new Error('a benched notice carries everything');
      },
      finalityDelayMs: FINALITY_DELAY_MS,
      onInserted: () => undefined,
      // As a worker whose lease is held in its own process.
      applyNew: (records) => projector.applyNew(records),
      wake: async () => projector.wake(),
      onUndecodable: (_, letters) => {
        throw new Error(`a benched event could not be decoded: ${letters[0]?.detail}`);
      },
    },
    coupons,
    compileProgramCodec(coupons.program.idl),
  );
  return { ingest, projector, applied: () => applied };
}

/** Applies everything that is stored. */
export async function projectAll(database: MongoConnection, batchSize: number): Promise<void> {
  const { projector } = await buildPipeline(database, batchSize);
  while ((await projector.pass()) > 0);
}

const quiet = () => undefined;
/** A log that lets no error pass. */
export const throwingLog: Log = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: (fields, message) => {
    throw new Error(`${message}: ${JSON.stringify(fields)}`);
  },
};
