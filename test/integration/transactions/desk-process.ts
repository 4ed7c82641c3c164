import type { ChainPort } from '../../../src/chain/chain-port.js';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import type { MongoConnection } from '../../../src/store/mongo-connection.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { AnswerWatch } from '../../../src/transactions/answer-watch.js';
import { AttemptMaker } from '../../../src/transactions/attempt-maker.js';
import { DESK_TIMING, type DeskTiming } from '../../../src/transactions/desk-timing.js';
import { KeypairSigners } from '../../../src/transactions/keypair-signers.js';
import { signerLease, type ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { NoncePool } from '../../../src/transactions/nonces/nonce-pool.js';
import { NonceStore } from '../../../src/transactions/nonces/nonce-store.js';
import type { Replanner } from '../../../src/transactions/replanner.js';
import { SignerNonces } from '../../../src/transactions/signer-nonces.js';
import { SignerDesk } from '../../../src/transactions/signer-desk.js';
import { TransactionComposer } from '../../../src/transactions/transaction-composer.js';
import { TransactionPreparer } from '../../../src/transactions/transaction-preparer.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { TransactionSubmitter, type SubmitRequest } from '../../../src/transactions/transaction-submitter.js';
import { WalletSubmitter } from '../../../src/transactions/wallet-submitter.js';
import type { Keypair } from '@solana/web3.js';

/** How a process of the tests differs from a healthy one. */
export interface DeskProcessOptions {
  readonly chain: ChainPort;
  readonly mongo: MongoConnection;
  /** Whose key it has. */
  readonly payer: Keypair;
  /** Whose requests it works on; left out: the payer's. */
  readonly signer?: string;
  readonly replanner?: Partial<Replanner>;
  readonly mostAttempts?: number;
  readonly timing?: Partial<DeskTiming>;
  readonly termMs?: number;
}

/** A process that takes requests in and competes for the lease of its one signer. */
export interface DeskProcess {
  readonly store: TransactionStore;
  submit(request: SubmitRequest, waitMs?: number): Promise<ManagedTransaction>;
  readonly submitter: TransactionSubmitter;
  readonly preparer: TransactionPreparer;
  readonly walletSubmitter: WalletSubmitter;
  readonly isHolding: () => boolean;
  /** As SIGKILL: nothing of it moves any more, and it gives nothing up. */
  kill(): void;
  stop(): Promise<void>;
}

const WAIT_MS = 20_000;
let processes = 0;

/** Starts one. */
export function startDeskProcess(options: DeskProcessOptions): DeskProcess {
  const { chain, mongo, payer, termMs = 500, mostAttempts = 5 } = options;
  const log = createLogger({ logLevel: 'silent', logPretty: false });
  const { clock, freeze } = mortalClock();
  const store = new TransactionStore(mongo.db);
  const signers = new KeypairSigners([payer.secretKey]);
  const { signer = payer.publicKey.toBase58() } = options;
  const answers = new AnswerWatch({ store, clock, log });
  const fees = { percentile: 75, floor: 0, cap: 200_000 };
  const nonceStore = new NonceStore(mongo.db);
  const noncePool = new NoncePool({
    ...{ chain, members: [{ chain }], store: nonceStore, clock },
    findTransaction: (id: string) => store.find(id),
  });
  const composer = new TransactionComposer({ chain, fees, catalogs: [], clock });
  const nothingToPlan = () => Promise.reject(new Error('nothing to plan again'));
  const deps = {
    ...{ db: mongo.db, store, chain, catalogs: [], clock, random: Math.random, log, metrics: createMetrics() },
    witnesses: [chain],
    targets: () => [chain],
    maker: new AttemptMaker({ composer, signers, clock }),
    replanner: { plan: nothingToPlan, numbers: nothingToPlan, ...options.replanner },
    timing: {
      ...DESK_TIMING,
      pollMs: () => 50,
      resendMs: 300,
      proofMs: 300,
      finalityMs: 300,
      noncesMs: 300,
      ...options.timing,
    },
    mostAttempts,
    nonces: (authority: string) => new SignerNonces({ store: nonceStore, pool: noncePool, clock, authority }),
    onAnswered: (id: string) => answers.tell(id),
  };
  const stop = new AbortController();
  let desk: SignerDesk | undefined;
  const holding = keepLease(
    { db: mongo.db, clock, log, holder: `test:${process.pid}:${processes++}`, termMs },
    signerLease(signer),
    stop.signal,
    async (work, lost) => {
      desk = new SignerDesk(deps, signer, work, lost);
      await desk.run().finally(() => (desk = undefined));
    },
  );
  const taking = {
    ...{ store, answers, composer, signers, heldSigners: signers.addresses, clock: systemClock },
    insert: async (transaction: ManagedTransaction) => (await store.insertMany([transaction]))[0] === true,
    wake: () => desk?.wake(),
    hasNonces: async () => true,
  };
  const submitter = new TransactionSubmitter(taking);
  return {
    store,
    submitter,
    preparer: new TransactionPreparer(taking),
    walletSubmitter: new WalletSubmitter({ ...taking, submitter, isPaused: () => Promise.resolve(false) }),
    submit: async (request, waitMs = WAIT_MS) => {
      const outcome = await submitter.submit(request, waitMs);
      if (outcome.kind !== 'current') throw new Error(outcome.kind);
      return outcome.transaction;
    },
    isHolding: () => desk !== undefined,
    kill: freeze,
    stop: async () => {
      stop.abort();
      await holding;
    },
  };
}

/** A clock that stands still for good once it is told to: what waits for it never goes on. */
function mortalClock(): { readonly clock: Clock; readonly freeze: () => void } {
  let isFrozen = false;
  const never = () => new Promise<void>(() => {});
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    sleep: async (ms, signal) => {
      if (isFrozen) return never();
      await systemClock.sleep(ms, signal);
      if (isFrozen) await never();
    },
  };
  return { clock, freeze: () => (isFrozen = true) };
}

/** The chain with some answers of its own. */
export function withFaults(real: ChainPort, faults: Partial<ChainPort>): ChainPort {
  return new Proxy(real, {
    get: (target, name) => {
      const value: unknown = (faults as Record<string | symbol, unknown>)[name] ?? Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
    },
  });
}
