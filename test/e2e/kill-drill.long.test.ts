import { expect, inject, it } from 'vitest';
import type { DrillReport } from '../../scripts/drill/run-drill.js';
import { runScript } from './run-script.js';

it('a worker killed twice in mid-traffic leaves no event missing or twice (I1, I3)', { timeout: 600_000 }, async () => {
  const end = await runScript('drill', ['--kills', '2', '--json'], { MONGODB_URI: inject('mongodbUri') });
  expect(end.stderr).toBe('');
  expect(end.code).toBe(0);
  const report = JSON.parse(end.lastLine) as DrillReport;
  expect(report).toMatchObject({
    kills: 2,
    clean: true,
    comparison: { missing: [], invented: [], different: [], salesMissing: [], salesInvented: [] },
    audit: { drift: 0, missing: 0, orphaned: 0 },
  });
  expect(report.comparison.chain).toBeGreaterThan(30);
  expect(report.comparison.ledger).toBe(report.comparison.chain);
  expect(report.comparison.sales).toBe(report.comparison.salesOnChain);
});
