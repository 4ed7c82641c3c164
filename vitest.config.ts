import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

const UNIT = 'test/unit/**/*.test.ts';
/** Loads other test files again, on a database in memory. */
const APART = 'test/integration/core/memory-mongo-scenarios.test.ts';
/** Starts many processes and kills them, measures, or waits long: minutes, on a database server that is slow (`npm run test:long`). */
const LONG = 'test/**/*.long.test.ts';
const STACK = {
  globalSetup: ['test/support/global-setup.ts'],
  setupFiles: ['test/support/run-built-copies.ts'],
};
const TIMEOUTS = { testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    // The native chain addon keeps threads of its own: worker processes, not worker threads.
    pool: 'forks',
    maxWorkers: 2,
    // Files share a process, one after another: for many of them loading the modules takes longer than the tests.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    projects: [
      // Pure parts, without a chain or a database.
      { extends: true, test: { ...TIMEOUTS, name: 'unit', include: [UNIT] } },
      {
        extends: true,
        test: { ...TIMEOUTS, ...STACK, name: 'stack', include: ['test/**/*.test.ts'], exclude: [UNIT, APART, LONG] },
      },
      { extends: true, test: { ...TIMEOUTS, ...STACK, name: 'long', include: [LONG] } },
      { extends: true, test: { ...TIMEOUTS, name: 'apart', include: [APART], isolate: true } },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      thresholds: {
        lines: 85,
        'src/decoding/**': { lines: 90 },
        'src/ledger/**': { lines: 90 },
        'src/leases/**': { lines: 90 },
        'src/transactions/**': { lines: 90 },
      },
    },
  },
});
