import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // The native chain addon keeps threads of its own: worker processes, not worker threads.
    pool: 'forks',
    maxWorkers: 2,
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
