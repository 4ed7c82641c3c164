import type { Config } from '../config/env.js';
import { loadDotEnv, readConfig } from '../config/env.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { MooringError } from '../lib/errors.js';
import { cleanupOrphans, type CleanedOrphan } from '../reconcile/orphan-cleanup.js';
import type { ReconcileRun } from '../reconcile/reconcile-run.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics } from '../telemetry/metrics.js';
import { layFoundation, type Foundation, type InstalledModule } from './foundation.js';
import { installedDomains } from './installed-domains.js';
import { requiredEndpoints } from './required-endpoints.js';
import { runReconcile } from './run-reconcile.js';
import { syncAccount, type SyncedAccount } from './sync-account.js';

/**
 * MongoDB against the chain, by the names people know: `syncPromotion(address)`, `syncCoupon(address)`, `reconcileAll()`,
 * `cleanupOrphanedData()`. Connects at the first call; `close()` lets the process end.
 */
export class BlockchainSync {
  #foundation: Promise<Foundation> | undefined;

  /** `options` default to the environment (.env) and the installed domains (MOORING_DOMAINS). */
  constructor(
    private readonly options: { readonly config?: Config; readonly modules?: readonly DomainModule[] } = {},
  ) {}

  /** Brings the document of a promotion to what its account says. @throws MooringError */
  syncPromotion(address: string): Promise<SyncedAccount> {
    return this.#sync(address, 'promotions');
  }

  /** Brings the document of a coupon to what its account says. @throws MooringError */
  syncCoupon(address: string): Promise<SyncedAccount> {
    return this.#sync(address, 'coupons');
  }

  /** Brings the documents at an address to what its account says; of the program it belongs to. @throws MooringError */
  syncAccount(address: string): Promise<SyncedAccount> {
    return this.#sync(address, null);
  }

  /** Compares everything with the chain and has it put right: one run for each program. @throws MooringError */
  async reconcileAll(): Promise<readonly ReconcileRun[]> {
    const foundation = await this.#connect();
    return runReconcile(foundation, foundation.modules, { scope: 'everything' });
  }

  /**
   * Removes documents that are marked as orphaned, into the archive. Without `apply` it says what it would remove.
   * `graceMs` defaults to ORPHAN_GRACE_MS.
   * @throws MooringError
   */
  async cleanupOrphanedData(
    options: { readonly apply?: boolean; readonly graceMs?: number; readonly by?: string } = {},
  ): Promise<readonly CleanedOrphan[]> {
    const { config, machine, mongo, pool, modules } = await this.#connect();
    const { apply = false, graceMs = config.orphanGraceMs, by = 'library' } = options;
    const cleaned: CleanedOrphan[] = [];
    for (const { module, codec } of modules) {
      const dependencies = { db: mongo.db, clock: machine.clock, chain: pool.chain, members: pool.members };
      cleaned.push(...(await cleanupOrphans(dependencies, module, codec, { apply, graceMs, by })));
    }
    return cleaned;
  }

  /** Lets go of the database and the endpoints. */
  async close(): Promise<void> {
    const foundation = await this.#foundation;
    this.#foundation = undefined;
    await foundation?.close();
  }

  async #sync(address: string, collection: string | null): Promise<SyncedAccount> {
    const foundation = await this.#connect();
    return syncAccount(foundation, await programOf(foundation, address, collection), address);
  }

  #connect(): Promise<Foundation> {
    this.#foundation ??= this.#lay().catch((error: unknown) => {
      this.#foundation = undefined;
      throw error;
    });
    return this.#foundation;
  }

  async #lay(): Promise<Foundation> {
    if (!this.options.config) loadDotEnv();
    const config = this.options.config ?? readConfig();
    const modules = this.options.modules ?? (await installedDomains(config)).map(({ module }) => module);
    return layFoundation(config, requiredEndpoints(config), modules, createLogger(config), createMetrics());
  }
}

/**
 * The installed program whose account this is: by a collection of it, by the account's owner, or by a document.
 * @throws MooringError `unknown-program`
 */
export async function programOf(
  { modules, pool, mongo: { db } }: Foundation,
  address: string,
  collection: string | null,
): Promise<InstalledModule> {
  const having = (is: (installed: InstalledModule) => boolean) => modules.find(is);
  if (collection !== null) {
    const found = having(({ module }) => module.models.some((model) => model.collection === collection));
    if (found) return found;
    throw new MooringError('unknown-program', `No installed program has a collection ${collection}.`);
  }
  const [only] = modules;
  if (only && modules.length === 1) return only;
  const { accounts } = await pool.chain.accounts([address], 'finalized');
  const byOwner = having(({ codec }) => codec.programId === accounts[0]?.owner);
  if (byOwner) return byOwner;
  for (const installed of modules) {
    for (const model of installed.module.models) {
      if (model.kind !== 'state') continue;
      if (await db.collection(model.collection).findOne({ [model.keyField]: address })) return installed;
    }
  }
  throw new MooringError(
    'unknown-program',
    `${address} is no account of an installed program, and no document is its.`,
  );
}

/** The sync of this process, as configured by the environment. */
export const blockchainSync = new BlockchainSync();
