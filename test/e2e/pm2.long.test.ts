import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import type { Pm2DrillReport } from '../../scripts/drill/run-pm2-drill.js';
import { runScript } from './run-script.js';

/** Where the drill makes PM2's home, so that what it leaves can be found. */
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'pm2-'));
});
afterEach(async () => {
  for (const home of await homesLeft()) {
    const pid = Number(await readFile(join(temporary, home, 'pm2.pid'), 'utf8').catch(() => ''));
    if (pid > 0) process.kill(pid, 'SIGTERM');
  }
  await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
});

async function homesLeft(): Promise<string[]> {
  return (await readdir(temporary)).filter((name) => name.startsWith('mooring-pm2-'));
}

it(
  'under PM2 a killed process, a reload under requests and a stop leave nothing missing, doubled or failed (I1, I3, I9)',
  { timeout: 600_000 },
  async () => {
    const environment = { MONGODB_URI: inject('mongodbUri'), TMPDIR: temporary };
    const end = await runScript('drill', ['pm2', '--kills', '1', '--json'], environment);
    expect(end.stderr).toBe('');
    expect(end.code, end.stdout).toBe(0);
    const report = JSON.parse(end.lastLine) as Pm2DrillReport;
    expect(report, end.lastLine).toMatchObject({
      ...{ kills: 1, reloads: 1, clean: true },
      ...{ failedRequests: [], uncleanStops: [], leftBehind: [] },
      comparison: { missing: [], invented: [], different: [], salesMissing: [], salesInvented: [] },
      audit: { drift: 0, missing: 0, orphaned: 0 },
    });
    expect(report.requests).toBeGreaterThan(100);
    expect(report.writes).toBeGreaterThan(5);
    expect(report.passes).toBeGreaterThan(0);
    expect(report.effects).toBe(report.writes);
    expect(report.comparison.chain).toBeGreaterThan(30);
    expect(report.comparison.ledger).toBe(report.comparison.chain);
    expect(await homesLeft()).toEqual([]);
  },
);
