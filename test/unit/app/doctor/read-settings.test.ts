import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lookAtDotEnv } from '../../../../src/app/doctor/dot-env.js';
import { readSettings } from '../../../../src/app/doctor/read-settings.js';

const folder = mkdtempSync(join(tmpdir(), 'mooring-doctor-'));
afterAll(() => rmSync(folder, { recursive: true }));

const none = { state: 'absent', names: [] } as const;

it('counts what can be used, and passes what cannot over, naming all of it', () => {
  const env = {
    SOLANA_RPC_URL: 'http://one',
    PORT: 'x',
    SOURCE: 'pigeon',
    CONFIRMATIONS: '7',
    HOME: '/',
    RPC_BATCH_SIZE: '',
    SHOP_HISTORY_PAGE_SIZE: '5',
  };
  const { config, reading } = readSettings(env, none);
  expect(config).toMatchObject({ solanaRpcUrls: ['http://one'], port: 3_000, source: 'socket' });
  expect(config.programSettings).toMatchObject({ confirmations: 7 });
  expect(config.programVariables).toEqual({ SHOP_HISTORY_PAGE_SIZE: '5' });
  expect(reading).toMatchObject({ dotEnv: 'absent', set: 5 });
  expect(reading.problems.map(({ name }) => name)).toEqual(['PORT', 'SOURCE']);
});

it('finds what only shows together', () => {
  const urls = { SOLANA_RPC_URL: 'http://one,http://[', SOLANA_WS_URL: 'ws://[', RPC_REQUESTS_PER_SECOND: '1,2,3' };
  const { config, reading } = readSettings(urls, none);
  expect(reading.problems.map(({ name }) => name)).toEqual([
    ...['SOLANA_RPC_URL', 'SOLANA_WS_URL', 'RPC_REQUESTS_PER_SECOND'],
  ]);
  expect(config.solanaRpcUrls).toEqual([]);
});

it('never says a value', () => {
  const path = join(folder, '.env');
  writeFileSync(path, 'MONGO_URI=mongodb://me:hunter2@host\nPORT=1\n');
  const dotEnv = lookAtDotEnv(path);
  expect(dotEnv).toEqual({ state: 'read', names: ['MONGO_URI', 'PORT'] });
  const { reading } = readSettings({ MONGODB_URI: 'mysql://me:hunter2@host', SIGNER_SECRET_KEYS: 'hunter2' }, dotEnv);
  expect(reading.problems.map(({ name }) => name).sort()).toEqual(['MONGODB_URI', 'SIGNER_SECRET_KEYS']);
  expect(JSON.stringify(reading)).not.toContain('hunter2');
  expect(lookAtDotEnv(`${path}.none`)).toEqual({ state: 'absent', names: [] });
  expect(lookAtDotEnv(folder).state).toHaveProperty('unreadable');
});
