import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { startAlertWatch } from '../../../src/app/alert-watch.js';
import { layFoundation, type Endpoints } from '../../../src/app/foundation.js';
import { readConfig } from '../../../src/config/env.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { createLogger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';

/**
 * A process that watches for alerts from the moment it is written to, until SIGTERM: `watching-process.ts <settings> <endpoints>
 * [<alert>]`. It stops itself (SIGSTOP) right before it would store that this alert fires.
 */
const [settings = '', endpoints = '', stopsAt] = process.argv.slice(2);
const config = readConfig(JSON.parse(settings) as Record<string, string>);
const foundation = await layFoundation(
  config,
  JSON.parse(endpoints) as Endpoints,
  [coupons],
  createLogger(config),
  createMetrics(),
);
let isStopped = false;
foundation.mongo.client.on('commandStarted', ({ command }) => {
  const { update, updates } = command as { update?: string; updates?: { q: { _id?: string; state?: string } }[] };
  const [first] = updates ?? [];
  if (isStopped || update !== 'alerts' || first?.q._id !== stopsAt || first?.q.state !== 'firing') return;
  isStopped = true;
  writeSync(1, 'stopped\n');
  process.kill(process.pid, 'SIGSTOP');
});
writeSync(1, 'ready\n');
await once(process.stdin, 'data');
const watch = startAlertWatch(foundation);
process.once('SIGTERM', () => {
  void watch
    .stop()
    .then(() => foundation.close())
    .then(() => process.exit(0));
});
