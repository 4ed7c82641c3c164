import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { startDatabase } from '../../../src/dev/embedded-database.js';
import { clearOrphans, recordProcess, type ProcessRecord } from '../../../src/dev/orphan-processes.js';
import { identifyProcess, isRunning, type ProcessIdentity } from '../../../src/dev/process-identity.js';
import { processRecordsDir } from '../../../src/dev/state-directory.js';
import { eventually } from '../../support/eventually.js';

describe('a server whose owner is gone', { timeout: 600_000 }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it('is ended by the next start when the owner was killed with -9', async () => {
    const { owner, record } = await startOwner();
    expect(record.temporaryDir && existsSync(record.temporaryDir)).toBe(true);
    await kill(owner, 'SIGKILL');
    expect(isRunning(record.server)).toBe(true);
    const next = await startDatabase();
    await next.stop();
    expect(isRunning(record.server)).toBe(false);
    expect(record.temporaryDir && existsSync(record.temporaryDir)).toBe(false);
  });

  it('is ended in order by the next start on the same data directory, its data kept', async () => {
    const dataDir = join(scratch, 'data');
    const { owner, record } = await startOwner(dataDir);
    expect(record.temporaryDir).toBeUndefined();
    await kill(owner, 'SIGKILL');
    const next = await startDatabase({ dataDir });
    expect(isRunning(record.server)).toBe(false);
    await next.stop();
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('ends with an owner that %s ends', async (signal) => {
    const recordsDir = join(scratch, signal);
    const owner = runOwner('process-owner', [recordsDir]);
    await owner.said(/^\d+\n/);
    const [record] = recordsIn(recordsDir) as [ProcessRecord];
    expect(isRunning(record.server)).toBe(true);
    expect(await kill(owner.process, signal)).toBe(signal);
    await eventually(() => !isRunning(record.server));
    expect(record.temporaryDir && existsSync(record.temporaryDir)).toBe(false);
    expect(recordsIn(recordsDir)).toEqual([]);
  });

  it('ends with an owner that an uncaught error ends', async () => {
    const recordsDir = join(scratch, 'throw');
    const owner = runOwner('process-owner', [recordsDir, 'throw'], 'ignore');
    await owner.ended;
    const pid = Number(await owner.said(/^\d+\n/));
    await eventually(() => identifyProcess(pid) === undefined || undefined);
    expect(recordsIn(recordsDir)).toEqual([]);
  });

  it('is not taken for a stranger that has its process id now', async () => {
    const stranger = spawn('sleep', ['60']);
    try {
      const identity = await eventually(() => identifyProcess(stranger.pid as number));
      const dead: ProcessIdentity = { pid: stranger.pid as number, startedAt: 'long ago' };
      const recordsDir = join(scratch, 'records');
      recordProcess(recordsDir, { owner: dead, server: identity, commandMarker: '/no/such/directory' });
      expect(clearOrphans(recordsDir, () => {})).toEqual([]);
      recordProcess(recordsDir, { owner: dead, server: dead, commandMarker: 'sleep' });
      expect(clearOrphans(recordsDir, () => {})).toEqual([]);
      expect(isRunning(identity)).toBe(true);
      expect(readdirSync(recordsDir)).toEqual([]);
    } finally {
      await kill(stranger, 'SIGKILL');
    }
  });

  it('is passed over when its record is half written', () => {
    writeFileSync(join(scratch, '1.process.json'), '{"owner":');
    expect(clearOrphans(scratch, () => {})).toEqual([]);
  });
});

/** Starts test/support/database-owner.ts and waits until its database runs. */
async function startOwner(dataDir?: string): Promise<{ owner: ChildProcess; record: ProcessRecord }> {
  const owner = runOwner('database-owner', dataDir ? [dataDir] : []);
  await owner.said(/^mongodb:/);
  const recordsDir = processRecordsDir(dataDir && join(dataDir, 'database'));
  const record = recordsIn(recordsDir).find((candidate) => candidate.owner.pid === owner.process.pid);
  if (record === undefined) throw new Error(`no record of a server owned by ${owner.process.pid} in ${recordsDir}`);
  return { owner: owner.process, record };
}

interface Owner {
  process: ChildProcess;
  ended: Promise<void>;
  /** Waits for this on its standard output, and returns it. */
  said(what: RegExp): Promise<string>;
}

function runOwner(script: string, args: string[], stderr: 'inherit' | 'ignore' = 'inherit'): Owner {
  const child = spawn(process.execPath, [...nodeArguments(`../../support/${script}`, import.meta.url), ...args], {
    stdio: ['ignore', 'pipe', stderr],
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    process: child,
    ended: new Promise((resolve) => child.once('close', () => resolve())),
    said: (what) => eventually(() => what.exec(output)?.[0], { timeoutMs: 120_000 }),
  };
}

function recordsIn(recordsDir: string): ProcessRecord[] {
  return readdirSync(recordsDir)
    .filter((name) => name.endsWith('.process.json'))
    .map((name) => JSON.parse(readFileSync(join(recordsDir, name), 'utf8')) as ProcessRecord);
}

async function kill(child: ChildProcess, signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_code, by) => resolve(by)));
  child.kill(signal);
  return ended;
}
