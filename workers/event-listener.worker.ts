import { startAlertWatch } from '../src/app/alert-watch.js';
import { startDeliveryWorker } from '../src/app/delivery-worker.js';
import { startEventWorker } from '../src/app/event-worker.js';
import { layFoundation } from '../src/app/foundation.js';
import { installedDomains } from '../src/app/installed-domains.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { runProcess } from '../src/app/run-process.js';
import { startTransactionDesks } from '../src/app/transaction-desks.js';
import { createMetrics } from '../src/telemetry/metrics.js';

await runProcess(async (config, log) => {
  const endpoints = requiredEndpoints(config);
  const domains = await installedDomains(config);
  const modules = domains.map(({ module }) => module);
  const foundation = await layFoundation(config, endpoints, modules, log, createMetrics({ processMetrics: true }));
  const worker = startEventWorker(foundation, endpoints);
  const desks = await startTransactionDesks(foundation, domains);
  const running = [worker, desks, await startDeliveryWorker(foundation), startAlertWatch(foundation)];
  return { stop: () => Promise.all(running.map((one) => one.stop())).finally(() => foundation.close()) };
});
