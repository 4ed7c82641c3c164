import { expect, inject, it } from 'vitest';
import { benchLoss } from '../../../scripts/bench/loss.js';
import { judge } from '../../../scripts/bench/goals.js';
import { describeFigures } from '../../../scripts/bench/tables.js';
import '../../support/provided.js';

it(
  'loss: one run, three listeners, and only what people use today loses and invents (X-4, I1, I11)',
  { timeout: 600_000 },
  async () => {
    const loss = await benchLoss(
      inject('mongodbUri'),
      {
        chain: 'surfnet',
        slotTimeMs: 100,
        timing: { trafficMs: 2_500, outageMs: 1_500, halfOpenMs: 6_000, afterMs: 500, graceMs: 500 },
        workerSettings: { SWEEP_INTERVAL_MS: '500', SILENCE_MS: '1000' },
        phases: ['quiet', 'crowded account', 'outage', 'half-open socket', 'CPI', 'forged logs'],
      },
      () => undefined,
    );
    expect(loss.phases.map(({ phase }) => phase)).toEqual([
      'quiet',
      'crowded account',
      'outage',
      'half-open socket',
      'CPI',
      'forged logs',
    ]);
    expect(loss.totals.map(({ contestant }) => contestant)).toEqual([
      'Anchor addEventListener',
      'web3.js onLogs',
      'mooring',
    ]);
    for (const { phase, rows, wrongDocuments } of loss.phases) {
      const [anchor, onLogs, mooring] = rows;
      expect(mooring, phase).toMatchObject({ lost: 0, doubled: 0, false: 0 });
      expect(mooring?.sent, phase).toBeGreaterThan(0);
      expect(wrongDocuments).toBe(0);
      for (const row of [anchor, onLogs]) {
        expect(row?.sent, phase).toBe(mooring?.sent);
        expect((row?.lost ?? 0) > 0, phase).toBe(!['quiet', 'crowded account', 'forged logs'].includes(phase));
        expect((row?.false ?? 0) > 0, phase).toBe(phase === 'forged logs');
      }
      if (phase === 'half-open socket') {
        expect([anchor?.noticedSeconds, onLogs?.noticedSeconds]).toEqual(['never', 'never']);
        expect(mooring?.noticedSeconds).toBeLessThan(6);
      }
    }
    expect(loss.clean).toBe(true);
    expect(judge({ loss })).toMatchObject([{ met: true }]);
    expect(judge({ loss: { ...loss, clean: false } })).toMatchObject([{ met: false }]);
    expect(describeFigures({ loss }).join('\n')).toContain('outage: web3.js onLogs');
  },
);
