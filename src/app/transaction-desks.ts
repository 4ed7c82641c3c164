import { createCommandContext } from '../domain-kit/command-context.js';
import type { DomainRoutes } from '../domain-kit/routes.js';
import { competeForKeys } from '../leases/lease-competition.js';
import type { NodeSight } from '../leases/watch-nodes.js';
import { wakeHolder, watchWakes } from '../pipeline/wake-signal.js';
import { AnswerWatch } from '../transactions/answer-watch.js';
import { AttemptMaker } from '../transactions/attempt-maker.js';
import { DESK_TIMING, type DeskTiming } from '../transactions/desk-timing.js';
import { loadSigners, type KeypairSigners } from '../transactions/keypair-signers.js';
import { signerLease, WALLETS, type ManagedTransaction } from '../transactions/managed-transaction.js';
import { NoncePool } from '../transactions/nonces/nonce-pool.js';
import { NonceStore } from '../transactions/nonces/nonce-store.js';
import { RequestInserts } from '../transactions/request-inserts.js';
import { SignerNonces } from '../transactions/signer-nonces.js';
import { SignerDesk } from '../transactions/signer-desk.js';
import { readPause } from '../transactions/signer-pause.js';
import { TransactionComposer } from '../transactions/transaction-composer.js';
import { TransactionPreparer } from '../transactions/transaction-preparer.js';
import { TransactionStore } from '../transactions/transaction-store.js';
import { TransactionSubmitter } from '../transactions/transaction-submitter.js';
import { WalletSubmitter } from '../transactions/wallet-submitter.js';
import type { Foundation } from './foundation.js';
import { createReplanner } from './replanner.js';

/** What a process does for managed transactions. */
export interface TransactionDesks {
  readonly signers: KeypairSigners;
  readonly store: TransactionStore;
  readonly submitter: TransactionSubmitter;
  /** Who works for signers, as this process sees it. */
  readonly nodes: NodeSight;
  readonly preparer: TransactionPreparer;
  readonly walletSubmitter: WalletSubmitter;
  /** By module name: what its commands are built with. */
  readonly contexts: ReadonlyMap<string, ReturnType<typeof createCommandContext>>;
  /** Finishes what is being written and gives the leases up; what is under way is for whoever takes them. */
  stop(): Promise<void>;
}

/** Of the wake-up that all desks share. */
const WAKE = 'transactions';

/**
 * Works on the requests of the signers whose keys this process has, as far as it holds their leases, and takes new ones in.
 * Every process with keys does, so that each signer has somebody whoever dies.
 */
export async function startTransactionDesks(
  foundation: Foundation,
  domains: readonly DomainRoutes[],
  timing: Partial<DeskTiming> = {},
): Promise<TransactionDesks> {
  const { config, log, metrics, mongo, pool, modules, machine } = foundation;
  const { clock, random, holder } = machine;
  const { db } = mongo;
  const signers = await loadSigners({ keypairPaths: config.signerKeypairPaths, secretKeys: config.signerSecretKeys });
  const store = new TransactionStore(db);
  await store.ensureIndexes();
  const catalogs = modules.map(({ module, codec }) => ({
    address: codec.programId,
    errors: (module.program.idl as { errors?: { code: number; name: string; msg?: string }[] }).errors ?? [],
  }));
  const contexts = new Map(
    modules.map(({ module, codec }) => [
      module.name,
      createCommandContext({ chain: pool.chain, codec, heldSigners: signers.addresses }),
    ]),
  );
  const replanner = createReplanner(
    domains.flatMap(({ module, commands }) => {
      const context = contexts.get(module.name);
      return context ? commands.map((command) => ({ command, context })) : [];
    }),
  );
  const answers = new AnswerWatch({ store, clock, log });
  const fees = {
    percentile: config.priorityFeePercentile,
    floor: config.priorityFeeFloor,
    cap: config.priorityFeeCap,
  };
  const composer = new TransactionComposer({ chain: pool.chain, fees, catalogs, clock });
  const deskDeps = {
    ...{ db, store, chain: pool.chain, replanner, catalogs, clock, random, log, metrics },
    witnesses: pool.members.map(({ chain }) => chain),
    targets: () => {
      const status = pool.status();
      const well = pool.members.filter((_, index) => status[index]?.state === 'well');
      return (well.length > 0 ? well : pool.members).map(({ chain }) => chain);
    },
    maker: new AttemptMaker({ composer, signers, clock }),
    timing: { ...DESK_TIMING, unresolvedMs: config.alertUnresolvedMs, ...timing },
    mostAttempts: config.transactionAttempts,
    onAnswered: (id: string) => answers.tell(id),
  };
  const nonceStore = new NonceStore(db);
  const noncePool = new NoncePool({
    ...{ chain: pool.chain, members: pool.members, store: nonceStore, clock },
    findTransaction: (id) => store.find(id),
  });
  const nonces = (authority: string) => new SignerNonces({ store: nonceStore, pool: noncePool, clock, authority });
  const stop = new AbortController();
  const desks = new Map<string, SignerDesk>();
  const served = new Map([...signers.addresses, WALLETS].map((signer) => [signerLease(signer), signer]));
  const competition = competeForKeys({
    ...{ db, clock, log, holder, termMs: config.leaseTermMs, keys: [...served.keys()] },
    work: async (lease, work, lost) => {
      const signer = served.get(lease) as string;
      const desk = new SignerDesk({ ...deskDeps, nonces }, signer, work, lost);
      desks.set(signer, desk);
      await desk.run().finally(() => desks.delete(signer));
    },
  });
  const inserts = new RequestInserts(store, clock, random);
  watchWakes(db, WAKE, () => desks.forEach((desk) => desk.wake()), stop.signal);
  const wake = (signer: string): void => {
    const desk = desks.get(signer);
    if (desk) desk.wake();
    // A hint that saves time: what it fails to tell is found by the next look.
    else void wakeHolder(db, WAKE).catch(() => undefined);
  };
  const insert = (transaction: ManagedTransaction) => inserts.insert(transaction);
  const hasNonces = async (signer: string) => (await nonceStore.list(signer)).length > 0;
  const submitter = new TransactionSubmitter({ store, insert, answers, wake, hasNonces, clock });
  const preparer = new TransactionPreparer({ store, insert, composer, heldSigners: signers.addresses, clock });
  const isPaused = async (signer: string) => (await readPause(db, signer)) !== null;
  const walletSubmitter = new WalletSubmitter({ store, submitter, signers, isPaused, wake, clock });
  return {
    ...{ signers, store, submitter, preparer, walletSubmitter, contexts, nodes: competition.directory },
    stop: async () => {
      stop.abort();
      await Promise.all([inserts.stop(), competition.stop()]);
    },
  };
}
