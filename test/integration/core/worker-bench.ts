import { PublicKey } from '@solana/web3.js';
import { expect, inject } from 'vitest';
import { CouponsClient } from '../../../src/dev/coupons-client.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { fromStored } from '../../../src/lib/stored-value.js';
import { eventually } from '../../support/eventually.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from './running-worker.js';
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
      const worker = await startWorker(proxy, database, [coupons], { START_SLOT: chain.startSlot, ...env });
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
