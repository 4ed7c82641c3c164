import { expect, inject, it } from 'vitest';
import type { ReorgDrillReport } from '../../scripts/drill/run-reorg-drill.js';
import { runScript } from './run-script.js';

it(
  'documents, subscribers and ledger follow a fork that two endpoints tell of (000-5, 003-7, I5, I7)',
  { timeout: 600_000 },
  async () => {
    const end = await runScript('drill', ['reorg', '--forks', '1', '--json'], { MONGODB_URI: inject('mongodbUri') });
    expect(end.stderr).toBe('');
    expect(end.code).toBe(0);
    const report = JSON.parse(end.lastLine) as ReorgDrillReport;
    expect(report).toMatchObject({
      ...{ forks: 1, vanished: 2, moved: 2, wrong: [], untold: [], withoutHistory: [], clean: true },
      comparison: { missing: [], invented: [], different: [], salesMissing: [], salesInvented: [] },
      audit: { drift: 0, missing: 0, orphaned: 0, unrecorded: 0 },
    });
    expect(report.comparison.salesOnChain).toBe(3);
  },
);
