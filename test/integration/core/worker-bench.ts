import { PublicKey } from '@solana/web3.js';
import { expect, inject } from 'vitest';
import { startEventWorker, type EventWorker } from '../../../src/app/event-worker.js';
import { layFoundation, type Foundation } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { recordFrom } from '../../../src/ledger/ledger-collections.js';
import type { LedgerRecord } from '../../../src/ledger/ledger-record.js';
import { fromStored } from '../../../src/lib/stored-value.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import { COUPONS, couponsClient, type Accounts, type CouponsChain } from '../programs/coupons-chain.js';

/** A real chain with the programs on it, a network that can be broken, and users. */
export interface WorkerBench {
  readonly chain: TestChain;
  readonly proxy: FaultProxy;
  readonly client: CouponsClient;
  readonly anchor: CouponsChain;
  /** An event worker over the breakable network, on a database of its own. */
  startWorker(env?: Readonly<Record<string, string>>): Promise<RunningWorker>;
  close(): Promise<void>;
}

export interface RunningWorker {
  readonly worker: EventWorker;
  readonly foundation: Foundation;
  readonly finalized: string[];
  records(filter?: object): Promise<LedgerRecord[]>;
  /** Waits until the events of these transactions are applied and final, and gives their records. */
  allFinal(signatures: readonly string[], timeoutMs?: number): Promise<LedgerRecord[]>;
  stop(): Promise<void>;
}

/**
 * Leaves out what the ledger keeps of executions that never landed: a validator that leads announces them, and who was
 * not there at the time never hears of them (TRAPS 29).
 */
export const NOT_ARCHIVED = { _id: { $not: /~/ } } as const;

/** The account type of each collection, as Anchor's client calls it. */
const ACCOUNTS: Readonly<Record<string, keyof Accounts>> = {
  ...{ merchants: 'merchant', promotions: 'promotion', coupons: 'coupon' },
  ...{ listings: 'listing', ratings: 'rating', comments: 'comment' },
};

export async function openWorkerBench(): Promise<WorkerBench> {
  const chain = await createTestChain({ programs: ['coupons', 'router'] });
  const proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  const running: RunningWorker[] = [];
  return {
    ...{ chain, proxy },
    client: new CouponsClient(chain.rpcUrl, chain.wsUrl),
    anchor: couponsClient(chain.connection),
    startWorker: async (env = {}) => {
      const database = await createTestDatabase();
      const worker = await startWorker(proxy, database, { START_SLOT: chain.startSlot, ...env });
      running.push(worker);
      return worker;
    },
    close: async () => {
      proxy.heal();
      await Promise.all(running.map((one) => one.stop()));
      await proxy.stop();
      await chain.stop();
    },
  };
}

async function startWorker(
  proxy: FaultProxy,
  database: TestDatabase,
  env: Readonly<Record<string, string>>,
): Promise<RunningWorker> {
  const config = readConfig({
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'silent', SWEEP_INTERVAL_MS: '500', SILENCE_MS: '1000' },
    ...{ LEASE_TERM_MS: '2000', HANDLER_BACKOFF_MS: '10', RECONCILE_SCHEDULE: 'off' },
    ...env,
  });
  const endpoints = { rpcUrls: [proxy.rpcUrl], wsUrls: [proxy.wsUrl], mongodbUri: database.uri };
  const metrics = createMetrics({ processMetrics: false });
  const foundation = await layFoundation(config, endpoints, [coupons], createLogger(config), metrics);
  const worker = startEventWorker(foundation, endpoints);
  const finalized: string[] = [];
  worker.announcer.on('transaction-finalized', ({ signature }: { signature: string }) => finalized.push(signature));
  await eventually(() => worker.status().live, { timeoutMs: 30_000 });

  const records = async (filter: object = {}) =>
    (await foundation.mongo.db.collection('ledger_events').find(filter).toArray()).map(recordFrom);
  let stopped: Promise<void> | undefined;
  return {
    ...{ worker, foundation, finalized, records },
    allFinal: async (signatures, timeoutMs = 60_000) => {
      await eventually(
        async () => {
          const found = await records({ signature: { $in: [...signatures] }, state: { $ne: 'orphaned' } });
          const done = found.filter(({ state, commitment }) => state === 'applied' && commitment === 'finalized');
          const missing = signatures.filter((one) => !done.some(({ signature }) => signature === one));
          if (missing.length > 0)
            throw new Error(`${missing.length} of ${signatures.length} are not applied and final`);
          if (done.length < found.length) throw new Error('some of their events are not applied and final');
          return true;
        },
        { timeoutMs, everyMs: 100 },
      );
      return records({ signature: { $in: [...signatures] } });
    },
    stop: () =>
      (stopped ??= (async () => {
        await worker.stop();
        await foundation.close();
        await database.drop();
      })()),
  };
}

/**
 * Compares every document with its account, fetched and decoded by Anchor's client: every owned field there, none
 * wrong, no account without a document. Waits for what is on its way, document by document: on a shared validator other
 * files' documents go on changing. Returns how many documents there are.
 */
export async function expectDocumentsEqualChain(bench: WorkerBench, { foundation }: RunningWorker): Promise<number> {
  const { db } = foundation.mongo;
  let count = 0;
  await eventually(
    async () => {
      count = 0;
      for (const model of coupons.models) {
        const type = ACCOUNTS[model.collection];
        if (model.kind !== 'state' || !type) continue;
        const documents = db.collection<{ _id: string }>(model.collection);
        for (const { _id } of await documents.find().toArray()) {
          const isOpen = await eventually(
            async () => ({ open: await equalsAccount(bench, model, type, await documents.findOne({ _id })) }),
            { timeoutMs: 30_000, everyMs: 250 },
          );
          if (isOpen.open) count += 1;
        }
      }
      if (inject('sharedChain')) return true;
      const owned = await bench.chain.connection.getProgramAccounts(COUPONS, { dataSlice: { offset: 0, length: 0 } });
      expect(count).toBe(owned.length);
      return true;
    },
    { timeoutMs: 30_000, everyMs: 250 },
  );
  return count;
}

/** Throws when the document differs from its account; false for one that does not count, such as a tombstone. */
async function equalsAccount(
  { anchor }: WorkerBench,
  { collection, fields }: { readonly collection: string; readonly fields: object },
  type: keyof Accounts,
  document: { readonly _id: string; readonly _mooring?: { readonly closed?: boolean } } | null,
): Promise<boolean> {
  if (!document) throw new Error(`a document of ${collection} is gone`);
  const account = await anchor.fetch(type, new PublicKey(document._id));
  if (document._mooring?.closed === true) {
    expect(account, `${collection} ${document._id} is a tombstone`).toBeNull();
    return false;
  }
  const values = fromStored(document) as Record<string, unknown>;
  const names = Object.keys(fields);
  // Another file's, from before this worker's START_SLOT: what was said of it then was not looked at.
  if (inject('sharedChain') && names.some((name) => !(name in values))) return false;
  const actual = Object.fromEntries(names.map((name) => [name, values[name]]));
  expect(actual, `${collection} ${document._id}`).toEqual(mirrored(account, names));
  return true;
}

/** An account in the words of its document. */
function mirrored(account: object | null, names: readonly string[]): Record<string, unknown> {
  const values = (account ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    names.map((name) => {
      const value = values[name];
      if (name === 'averageRating') {
        const [count, sum] = [Number(values['ratingCount']), Number(values['ratingSum'])];
        return [name, count === 0 ? null : Math.round((sum / count) * 100) / 100];
      }
      if (!name.endsWith('At')) return [name, value];
      return [name, name === 'redeemedAt' && value === 0n ? null : new Date(Number(value) * 1_000)];
    }),
  );
}
