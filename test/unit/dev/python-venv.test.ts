import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { secantusInVenv } from '../../../src/dev/python-venv.js';

describe('secantusInVenv', () => {
  const cache = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(cache, { recursive: true, force: true });
  });

  it('says what to install where there is no Python', async () => {
    vi.stubEnv('PATH', cache);
    await expect(secantusInVenv(() => {}, cache)).rejects.toMatchObject({
      code: 'no-database',
      message: expect.stringMatching(/no python3.*mongod on PATH.*MONGODB_URI.*apt-get install python3-venv/) as string,
    });
  });
});
