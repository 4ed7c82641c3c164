import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.js';

const UNIT = 'test/unit/**/*.test.ts';
const TIMEOUTS = { testTimeout: 120_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // The native chain addon keeps threads of its own: worker processes, not worker threads.
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      // Pure parts, without a chain or a database: files share a process, for loading the modules takes longer than the tests.
      { extends: true, test: { ...TIMEOUTS, name: 'unit', include: [UNIT], isolate: false } },
      {
        extends: true,
        test: {
          ...TIMEOUTS,
          name: 'stack',
          include: ['test/**/*.test.ts'],
          exclude: [UNIT],
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
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
