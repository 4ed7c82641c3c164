import { startApi } from '../src/app/api-process.js';
import { layFoundation } from '../src/app/foundation.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { runProcess } from '../src/app/run-process.js';
import { domains } from '../src/domains/registry.js';
import { createMetrics } from '../src/telemetry/metrics.js';

await runProcess(async (config, log) => {
  const modules = domains.map(({ module }) => module);
  const metrics = createMetrics({ processMetrics: true });
  const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, metrics);
  const api = await startApi(foundation, domains);
  return { stop: () => api.stop().finally(() => foundation.close()) };
});
