import { startAlertWatch } from '../src/app/alert-watch.js';
import { startEventWorker } from '../src/app/event-worker.js';
import { layFoundation } from '../src/app/foundation.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { runProcess } from '../src/app/run-process.js';
import { createMetrics } from '../src/telemetry/metrics.js';

await runProcess(async (config, log) => {
  const endpoints = requiredEndpoints(config);
  const modules = (await installedDomains(config)).map(({ module }) => module);
  const foundation = await layFoundation(config, endpoints, modules, log, createMetrics({ processMetrics: true }));
  const worker = startEventWorker(foundation, endpoints);
  const alerts = startAlertWatch(foundation);
  return { stop: () => Promise.all([worker.stop(), alerts.stop()]).finally(() => foundation.close()) };
});
