import { expect, inject, it } from 'vitest';
import type { TransactionsDrillReport } from '../../scripts/drill/transactions/run-transactions-drill.js';
import { runScript } from './run-script.js';

it(
  'writes through processes that are killed and endpoints that lose answers have one effect each, or none (004-5.1, I8, I9, I10)',
  { timeout: 600_000 },
  async () => {
    const size = ['--requests', '60', '--kills', '2', '--apis', '2', '--workers', '1'];
    const end = await runScript('drill', ['transactions', ...size, '--json'], { MONGODB_URI: inject('mongodbUri') });
    expect(end.stderr).toBe('');
    const report = JSON.parse(end.lastLine) as TransactionsDrillReport;
    expect(report, end.lastLine).toMatchObject({
      kills: 2,
      unresolved: 0,
      judgement: {
        ...{ differentAnswers: [], missing: [], doubled: [], unwanted: [], unclaimed: [], duplicateIds: [] },
      },
      comparison: { missing: [], invented: [], different: [] },
      audit: { drift: 0, missing: 0, orphaned: 0 },
      uncleanStops: [],
    });
    const { landed, refused, reasons } = report.judgement;
    expect(landed + refused).toBe(60);
    expect(landed).toBeGreaterThan(40);
    expect(reasons['ExpiryNotInFuture']).toBeGreaterThan(0);
    expect(report.duplicates).toBeGreaterThan(0);
    expect(report.reusesRefused).toBe(report.reused);
    expect(report.faults.unavailable).toBeGreaterThan(0);
    // The clients' connections were cut, and they went on.
    expect(Object.keys(report.repeats).some((why) => /ECONN|SOCKET/.test(why))).toBe(true);
    expect(report.clean).toBe(true);
    expect(end.code).toBe(0);
  },
);
