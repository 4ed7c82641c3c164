import { layFoundation } from '../../src/app/foundation.js';
import { readConfig } from '../../src/config/env.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock } from '../../src/lib/clock.js';
import type { AuditReport } from '../../src/reconcile/audit-report.js';
import { audit } from '../../src/reconcile/audit.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';

/** Audits the database that these settings name against the chain they name. Throws what laying the foundation throws. */
export async function auditNow(environment: Readonly<Record<string, string>>): Promise<AuditReport> {
  const config = readConfig(environment);
  const endpoints = { rpcUrls: config.solanaRpcUrls, wsUrls: config.solanaWsUrls, mongodbUri: config.mongodbUri ?? '' };
  const log = createLogger(config, process.stderr);
  const foundation = await layFoundation(config, endpoints, [coupons], log, createMetrics());
  try {
    const { mongo: store, pool } = foundation;
    return await audit({ db: store.db, chain: pool.chain, clock: systemClock }, foundation.modules);
  } finally {
    await foundation.close();
  }
}
