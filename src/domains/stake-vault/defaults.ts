import type { ProgramSettings } from '../../domain-kit/program-settings.js';

/** Retries of an event whose handler failed, after the first try. */
const RETRIES = 3;

/**
 * How stakes are followed where the environment does not say: a stake opens an account for somebody, so it waits for two slots
 * on top of confirmed, and a handler that fails is given time to be mended.
 */
export const stakeVaultDefaults: ProgramSettings = {
  historyPageSize: 1_000,
  confirmations: 2,
  handlerAttempts: 1 + RETRIES,
  handlerBackoffMs: 5_000,
  alertCheckIntervalMs: 30_000,
  alertOnErrorCount: 5,
  pollingIntervalMs: 12_000,
};
