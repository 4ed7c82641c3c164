import type { Keypair } from '@solana/web3.js';
import { expect } from 'vitest';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { fromStored } from '../../../src/lib/stored-value.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { audit } from '../../../src/reconcile/audit.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';
import { createTestDatabase } from '../../support/test-database.js';
import { startWorker, type RunningWorker } from '../core/running-worker.js';

/** A document with values as a handler writes them. */
export type Document = { readonly _id: string } & Readonly<Record<string, unknown>>;

/** A real chain with programs on it, and a worker that follows one of them through a network that can be broken. */
export interface DomainBench {
  readonly chain: TestChain;
  readonly proxy: FaultProxy;
  readonly worker: RunningWorker;
  user(): Promise<Keypair>;
  document(collection: string, key: string): Promise<Document | null>;
  documents(collection: string, filter?: object): Promise<Document[]>;
  /** Every document is what the accounts, the ledger and the other documents say. Returns how many there are. */
  expectTruth(): Promise<number>;
  close(): Promise<void>;
}

export async function openDomainBench(module: DomainModule, programs: readonly string[]): Promise<DomainBench> {
  const chain = await createTestChain({ programs });
  const proxy = await startFaultProxy({ rpcUrl: chain.rpcUrl, wsUrl: chain.wsUrl });
  const worker = await startWorker(proxy, await createTestDatabase(), [module], { START_SLOT: chain.startSlot });
  const { mongo, pool, modules } = worker.foundation;
  const of = (collection: string) => mongo.db.collection<{ _id: string }>(collection);
  return {
    ...{ chain, proxy, worker },
    user: async () => (await chain.fundedKeypairs(1))[0] as Keypair,
    document: async (collection, key) => fromStored(await of(collection).findOne({ _id: key })) as Document | null,
    documents: async (collection, filter = {}) => {
      const found = await of(collection)
        .find({ '_mooring.closed': { $ne: true }, ...filter })
        .toArray();
      return found.map((document) => fromStored(document) as Document);
    },
    expectTruth: async () => {
      const report = await audit({ db: mongo.db, chain: pool.chain, clock }, modules);
      expect(report).toMatchObject({ differences: [], unsettled: [], unreadable: [] });
      return report.documents;
    },
    close: async () => {
      proxy.heal();
      await worker.stop();
      await proxy.stop();
      await chain.stop();
    },
  };
}
