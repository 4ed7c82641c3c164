import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { withFileLock } from '../../../src/dev/file-lock.js';
import { identifyProcess } from '../../../src/dev/process-identity.js';

describe('withFileLock', () => {
  const directory = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('lets one in at a time, and the next after a failure', async () => {
    const path = join(directory, 'one.lock');
    let inside = 0;
    const works = Array.from({ length: 4 }, (_, index) =>
      withFileLock(path, 10_000, async () => {
        expect(++inside).toBe(1);
        await setTimeout(10);
        inside--;
        if (index === 0) throw new Error('failed inside');
      }),
    );
    const outcomes = await Promise.allSettled(works);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  });

  it('takes over the lock of a dead process, also one given its id to a living one', async () => {
    const path = join(directory, 'stale.lock');
    writeFileSync(path, JSON.stringify({ pid: process.pid, startedAt: 'before the last boot' }));
    expect(await withFileLock(path, 1_000, async () => 'in')).toBe('in');
  });

  it('takes over a lock file that was never finished', async () => {
    const path = join(directory, 'empty.lock');
    writeFileSync(path, '');
    expect(await withFileLock(path, 10_000, async () => 'in')).toBe('in');
  });

  it('gives up on a living owner after its time', async () => {
    const path = join(directory, 'held.lock');
    writeFileSync(path, JSON.stringify(identifyProcess(process.pid)));
    await expect(withFileLock(path, 50, async () => {})).rejects.toMatchObject({ code: 'lock-timeout' });
  });
});
