import { Router } from 'express';
import type { Metrics } from '../../telemetry/metrics.js';
import type { HealthReadings, HealthSource } from '../ports.js';
import { readinessOf } from '../readiness.js';

const NOTHING_READ: HealthReadings = { database: false, programs: [] };

/** `/health/live`, `/health/ready` and `/metrics`: for machines, without keys and without limits. */
export function healthRoutes(health: HealthSource, metrics: Metrics, maxLagSlots: number): Router {
  const router = Router();
  router.get('/health/live', (_request, response) => {
    response.json({ alive: true });
  });
  router.get('/health/ready', async (_request, response) => {
    const readings = await health.read().catch(() => NOTHING_READ);
    const readiness = readinessOf(readings, maxLagSlots);
    response.status(readiness.healthy ? 200 : 503).json({ ...readiness, ...readings });
  });
  router.get('/metrics', async (_request, response) => {
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}
