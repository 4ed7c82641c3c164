import { layFoundation, type Foundation } from '../../src/app/foundation.js';
import { installedDomains } from '../../src/app/installed-domains.js';
import { requiredEndpoints } from '../../src/app/required-endpoints.js';
import { loadDotEnv, readConfig } from '../../src/config/env.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { reportFailure, type FailureReport } from './report-failure.js';

/**
 * Does a command's work on the database and chain of the environment and .env, and closes both afterwards. The log goes
 * to stderr, warnings and worse. Never throws: a failure of the work, too, is reported and makes the exit code 2.
 */
export async function withFoundation(
  report: FailureReport,
  work: (foundation: Foundation) => Promise<void>,
): Promise<void> {
  await reportFailure(report, async () => {
    loadDotEnv();
    const config = readConfig();
    const log = createLogger({ ...config, logLevel: 'warn', logPretty: true }, process.stderr);
    const modules = (await installedDomains(config)).map(({ module }) => module);
    const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, createMetrics());
    try {
      await work(foundation);
    } finally {
      await foundation.close();
    }
  });
}
