import { expect, inject, it } from 'vitest';
import type { DeliveriesDrillReport } from '../../scripts/drill/deliveries/run-deliveries-drill.js';
import { runScript } from './run-script.js';

it(
  'every event reaches whoever is to hear it while those who deliver are killed: none early, none out of order (002-3, 002-5, 002-6)',
  { timeout: 600_000 },
  async () => {
    const size = ['--events', '150', '--dispatchers', '30', '--kills', '3'];
    const end = await runScript('drill', ['deliveries', ...size, '--json'], { MONGODB_URI: inject('mongodbUri') });
    expect(end.stderr).toBe('');
    const report = JSON.parse(end.lastLine) as DeliveriesDrillReport;
    expect(report, end.lastLine).toMatchObject({
      ...{ events: 150, dispatchers: 30, kills: 3, undelivered: 0, uncleanStops: [], clean: true },
      judgement: { missing: [], early: [], outOfOrder: [] },
    });
    expect(report.judgement.pairs).toBeGreaterThan(100);
    expect(end.code).toBe(0);
  },
);
