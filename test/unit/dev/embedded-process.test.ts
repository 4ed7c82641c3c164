import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startEmbeddedProcess } from '../../../src/dev/embedded-process.js';

it('leaves no temporary directory behind when the server cannot be started', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  const command = join(dir, 'no-such-server');
  const starting = startEmbeddedProcess({ command, args: [], dir, temporary: true, recordsDir: dir });
  await expect(starting).rejects.toMatchObject({ code: 'spawn-failed' });
  expect(existsSync(dir)).toBe(false);
});
