import { Router } from 'express';
import type { mongo } from 'mongoose';
import type { DomainRoutes } from '../../domain-kit/routes.js';
import { countStates } from '../../ledger/read-records.js';
import type { HealthSource } from '../ports.js';
import { readinessOf } from '../readiness.js';

export interface StatusDeps {
  readonly db: mongo.Db;
  readonly health: HealthSource;
  readonly version: string;
  readonly maxLagSlots: number;
  readonly heldSigners: readonly string[];
  readonly domains: readonly DomainRoutes[];
  /** What else src/app knows, under names of its own. */
  readonly more?: () => Promise<Readonly<Record<string, unknown>>>;
}

/** `/status`: the whole system on one page, for people and dashboards. */
export function statusRoutes(deps: StatusDeps): Router {
  const router = Router();
  router.get('/status', async (_request, response) => {
    const [readings, ledger, more] = await Promise.all([
      deps.health.read(),
      countStates(
        deps.db,
        deps.domains.map(({ module }) => module.name),
      ),
      deps.more?.(),
    ]);
    response.json({
      version: deps.version,
      ...readinessOf(readings, deps.maxLagSlots),
      database: readings.database,
      programs: deps.domains.map(({ module }) => ({
        ...readings.programs.find((program) => program.name === module.name),
        name: module.name,
        address: module.program.address,
        events: Object.keys(module.events),
      })),
      ledger,
      signers: deps.heldSigners,
      ...more,
    });
  });
  return router;
}
