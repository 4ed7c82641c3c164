import { startDeliveryWorker } from '../src/app/delivery-worker.js';
import { layFoundation } from '../src/app/foundation.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { runProcess } from '../src/app/run-process.js';
import { createMetrics } from '../src/telemetry/metrics.js';

await runProcess(async (config, log) => {
  const modules = (await installedDomains(config)).map(({ module }) => module);
  const metrics = createMetrics({ processMetrics: true });
  const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, metrics);
  const worker = await startDeliveryWorker(foundation);
  return { stop: () => worker.stop().finally(() => foundation.close()) };
});
