import { startAlertWatch } from '../src/app/alert-watch.js';
import { startApi } from '../src/app/api-process.js';
import { layFoundation } from '../src/app/foundation.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { runProcess } from '../src/app/run-process.js';
import { createMetrics } from '../src/telemetry/metrics.js';

await runProcess(async (config, log) => {
  const domains = await installedDomains(config);
  const modules = domains.map(({ module }) => module);
  const metrics = createMetrics({ processMetrics: true });
  const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, metrics);
  const api = await startApi(foundation, domains);
  const alerts = startAlertWatch(foundation);
  return { stop: () => Promise.all([api.stop(), alerts.stop()]).finally(() => foundation.close()) };
});
