import { randomUUID } from 'node:crypto';
import { Keypair } from '@solana/web3.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { keepLease, processHolderId } from '../../../src/leases/lease-keeper.js';
import type { LeaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { DESK_TIMING } from '../../../src/transactions/desk-timing.js';
import { signerLease, type ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { RequestInserts } from '../../../src/transactions/request-inserts.js';
import { SignerDesk, type DeskDeps } from '../../../src/transactions/signer-desk.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { openBenchDatabase, throwingLog } from '../pipeline-bed.js';

/** A signer whose desk takes requests in and gives each a number; nothing is planned or signed. */
export interface AllocationBed {
  /** Stores a new request and resolves once its number is committed, with it. */
  allocate(): Promise<bigint>;
  /** Sizes of the writes in which numbers were given, since the last call. */
  takeSizes(): number[];
  stop(): Promise<void>;
}

const LEASE_TERM_MS = 10_000;
const ROW = 'bench/numbers';
const FIRST = 1n;

/** Opens it over a database of its own, with the lease held and the desk at work. */
export async function openAllocationBed(uri: string): Promise<AllocationBed> {
  const database = await openBenchDatabase(uri);
  const { db } = database;
  const store = new TransactionStore(db);
  await store.ensureIndexes();
  const signer = Keypair.generate().publicKey.toBase58();
  const waiting = new Map<string, (index: bigint) => void>();
  let sizes: number[] = [];
  const note = (written: readonly (ManagedTransaction | null)[]): void => {
    let given = 0;
    for (const transaction of written) {
      const told = transaction && waiting.get(transaction.id);
      if (!told || !transaction.allocation) continue;
      waiting.delete(transaction.id);
      told(transaction.allocation.index);
      given += 1;
    }
    if (given > 0) sizes.push(given);
  };
  const over = new AbortController();
  const never = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(new RpcError('unreachable', 'the bench is over')));
  });
  never.catch(() => undefined);
  const deps = {
    ...{ db, store, clock, log: throwingLog, random: Math.random, metrics: createMetrics(), timing: DESK_TIMING },
    // Stands still after the number is given: what follows is another figure.
    replanner: { plan: () => never, numbers: () => Promise.resolve({ floor: 0n, next: FIRST }) },
    nonces: () => ({ claim: () => never, release: () => Promise.resolve(), refresh: () => Promise.resolve() }),
    ...{ catalogs: [], witnesses: [], targets: () => [], mostAttempts: 1, onAnswered: () => undefined },
  } as unknown as DeskDeps;
  let desk: SignerDesk | undefined;
  const stop = new AbortController();
  const quiet = { ...throwingLog, error: () => undefined };
  const holding = keepLease(
    { db, clock, log: quiet, holder: processHolderId(), termMs: LEASE_TERM_MS },
    signerLease(signer),
    stop.signal,
    async (work, lost) => {
      desk = new SignerDesk(deps, signer, heard(work, note), lost);
      await desk.run();
    },
  );
  const inserts = new RequestInserts(store, clock, Math.random);
  while (!desk) await clock.sleep(5);
  return {
    allocate: async () => {
      const id = `bench:${randomUUID()}`;
      const given = new Promise<bigint>((resolve) => waiting.set(id, resolve));
      await inserts.insert(newRequest(id, signer));
      desk?.wake();
      return given;
    },
    takeSizes: () => {
      const taken = sizes;
      sizes = [];
      return taken;
    },
    stop: async () => {
      stop.abort();
      over.abort();
      await Promise.all([holding, inserts.stop()]);
      await database.drop();
    },
  };
}

/** The lease's work, of which each write is heard once it is committed. */
function heard(work: LeaseWork, note: (written: readonly (ManagedTransaction | null)[]) => void): LeaseWork {
  return {
    lease: work.lease,
    exclusive: async (step) => {
      const result = await work.exclusive(step);
      if (Array.isArray(result)) note(result as (ManagedTransaction | null)[]);
      return result;
    },
  };
}

/** As the API stores a promotion whose id is left to the server. */
function newRequest(id: string, signer: string): ManagedTransaction {
  const now = new Date(clock.now());
  const body = { title: 'Two for one', description: 'Bring a friend', discountBps: 500, maxSupply: 100 };
  return {
    ...{ id, owner: 'bench', command: 'PromotionController.create', bodyHash: id, signer },
    request: JSON.stringify({ params: {}, body }),
    ...{ lifetime: 'blockhash', state: 'pending', races: ['PromotionAlreadyExists'], turn: null, counter: ROW },
    ...{ allocation: null, instructions: [], prepared: null, result: null, attempts: [], slot: null, commitment: null },
    ...{ signature: null, refusal: null, wish: null, fence: 0, createdAt: now, updatedAt: now },
  };
}
