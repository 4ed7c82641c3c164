import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { eventSyncConfigOf } from '../../../src/app/event-sync-config.js';
import { readConfig } from '../../../src/config/env.js';
import { eventSyncConfig } from '../../../src/index.js';

const RPC = { SOLANA_RPC_URL: 'https://one.example.com/?key=hunter2,https://two.example.com' };

it('has the usual defaults, which are those of the stake vault and of nothing else (001)', () => {
  expect(eventSyncConfigOf(readConfig({}))).toEqual({
    ...{ rpcUrl: undefined, rpcType: 'websocket', pollingInterval: 12_000, stakeVaultAddress: null, startBlock: 0 },
    ...{ batchSize: 1_000, confirmations: 2, retryAttempts: 3, retryDelay: 5_000 },
    ...{ healthCheckInterval: 30_000, alertOnErrorCount: 5 },
  });
});

it('is what the environment says, of all programs or of the stake vault', () => {
  const env = {
    ...RPC,
    ...{ SOURCE: 'polling', START_SLOT: '7', STAKE_VAULT_ADDRESS: '1'.repeat(32), CONFIRMATIONS: '9' },
    ...{ STAKE_VAULT_POLLING_INTERVAL_MS: '500', STAKE_VAULT_HISTORY_PAGE_SIZE: '10' },
    ...{ HANDLER_ATTEMPTS: '8', STAKE_VAULT_HANDLER_ATTEMPTS: '1', STAKE_VAULT_HANDLER_BACKOFF_MS: '6000' },
    ...{ ALERT_CHECK_INTERVAL_MS: '70', STAKE_VAULT_ALERT_ON_ERROR_COUNT: '3' },
  };
  expect(eventSyncConfigOf(readConfig(env))).toEqual({
    ...{ rpcUrl: 'https://one.example.com/?key=hunter2', rpcType: 'polling', pollingInterval: 500 },
    ...{ stakeVaultAddress: '1'.repeat(32), startBlock: 7, batchSize: 10, confirmations: 9, retryAttempts: 0 },
    ...{ retryDelay: 6_000, healthCheckInterval: 70, alertOnErrorCount: 3 },
  });
  expect(() => eventSyncConfigOf(readConfig({ STAKE_VAULT_HANDLER_BACKOFF_MS: '5s' }))).toThrow(
    'STAKE_VAULT_HANDLER_BACKOFF_MS must be a whole number from 0 to 2147483647',
  );
});

it('is read from the environment of the process at the first look, and prints no key', () => {
  const before = { ...process.env };
  Object.assign(process.env, RPC, { STAKE_VAULT_CONFIRMATIONS: '11' });
  try {
    expect(eventSyncConfig.confirmations).toBe(11);
    expect(eventSyncConfig.rpcUrl).toContain('hunter2');
    expect({ ...eventSyncConfig }).toMatchObject({ confirmations: 11, batchSize: 1_000 });
    for (const shown of [inspect(eventSyncConfig), JSON.stringify(eventSyncConfig)]) {
      expect(shown).toMatch(/retryAttempts"?: ?3/);
      expect(shown).not.toContain('hunter2');
    }
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  }
});
