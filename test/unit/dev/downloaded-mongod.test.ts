import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadFailedLately, hasDownloadedMongod } from '../../../src/dev/downloaded-mongod.js';

const HOUR_MS = 60 * 60 * 1000;

describe('the memory of downloads', () => {
  let cache: string;
  beforeEach(() => {
    cache = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  });
  afterEach(() => rmSync(cache, { recursive: true, force: true }));

  it('keeps a failure for a day', () => {
    expect(downloadFailedLately(0, cache)).toBe(false);
    writeFileSync(join(cache, 'mongod-download-failed.json'), JSON.stringify({ at: 0, reason: 'offline' }));
    expect(downloadFailedLately(23 * HOUR_MS, cache)).toBe(true);
    expect(downloadFailedLately(25 * HOUR_MS, cache)).toBe(false);
  });

  it('knows a downloaded mongod from an empty directory', () => {
    expect(hasDownloadedMongod(cache)).toBe(false);
    mkdirSync(join(cache, 'mongod'));
    expect(hasDownloadedMongod(cache)).toBe(false);
    writeFileSync(join(cache, 'mongod', 'mongod-x64-debian-8.2.6'), '');
    expect(hasDownloadedMongod(cache)).toBe(true);
  });
});
