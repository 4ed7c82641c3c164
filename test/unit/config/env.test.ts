import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../../src/app/settings-of.js';
import { environmentSchema, readConfig } from '../../../src/config/env.js';
import { isProgramVariable, PROGRAM_SETTING_NAMES, programVariable } from '../../../src/config/program-variables.js';
import { stakeVault } from '../../../src/domains/stake-vault/module.js';

const SECRET_KEY = '5'.repeat(88);
const SECRETS = {
  MONGODB_URI: 'mongodb://ann:hunter2@db.example.com/?replicaSet=rs0',
  SOLANA_RPC_URL: 'https://rpc.example.com/v1/hunter2, https://b.example.com/?api-key=hunter2',
  SIGNER_SECRET_KEYS: SECRET_KEY,
};

describe('readConfig', () => {
  it('has a default for everything, and is frozen', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      port: 3000,
      finalityDelayMs: 35_000,
      mongodbDatabase: 'mooring',
      solanaRpcUrls: [],
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('takes an empty variable for unset, and underscores in numbers', () => {
    expect(readConfig({ PORT: '', FINALITY_DELAY_MS: '35_000' })).toMatchObject({
      port: 3000,
      finalityDelayMs: 35_000,
    });
  });

  it('gives the real values to code and none of the secrets to anything that prints', () => {
    const config = readConfig(SECRETS);
    expect(config.mongodbUri).toBe(SECRETS.MONGODB_URI);
    expect(config.solanaRpcUrls).toEqual([
      'https://rpc.example.com/v1/hunter2',
      'https://b.example.com/?api-key=hunter2',
    ]);
    expect(config.signerSecretKeys[0]?.reveal()).toBe(SECRET_KEY);
    for (const shown of [
      JSON.stringify(config),
      inspect(config),
      String(config.signerSecretKeys[0]?.toString()),
      inspect({ ...config }.signerSecretKeys),
    ]) {
      expect(shown).not.toContain('hunter2');
      expect(shown).not.toContain(SECRET_KEY);
    }
    expect(JSON.stringify(config)).toContain('mongodb://db.example.com');
  });

  it('names every bad variable at once and says what to write, without its value', () => {
    const env = {
      PORT: 'hunter2',
      LOG_PRETTY: 'perhaps',
      SIGNER_SECRET_KEYS: 'hunter2',
      MONGODB_URI: 'hunter2',
      LOG_LEVEL: 'hunter2',
    };
    let message = '';
    try {
      readConfig(env);
    } catch (error) {
      message = (error as Error).message;
    }
    for (const name of Object.keys(env)) expect(message).toMatch(new RegExp(`^ {2}${name} must be`, 'm'));
    expect(message).not.toContain('hunter2');
  });

  it.each([
    ['ALERT_WEBHOOK_URL', 'https://u:p@host:99999/x'],
    ['ALERT_WEBHOOK_URL', 'http://:80'],
    ['ALERT_SLACK_URL', 'https:///services/x'],
    ['SOLANA_RPC_URL', 'https://a.example.com, http://:8899'],
    ['SOLANA_WS_URL', 'ws://host:99999'],
    ['SMTP_URL', 'smtp://host:99999'],
    ['PUSH_ALLOWED_ORIGINS', 'https://app.example.com, https://*.example.com'],
    ['PUSH_ALLOWED_ORIGINS', 'https://example.com:99999'],
    ['PUSH_ALLOWED_ORIGINS', 'https://u@example.com'],
    ['DELIVERIES_KEEP_DAYS', '6'],
    ['DELIVERIES_KEEP_DAYS', '-1'],
    ['MAIL_FROM', 'a <a@b>, c <d@e>'],
    ['MAIL_FROM', 'a@b, d@e'],
    ['MAIL_FROM', '<a@b'],
    ['MAIL_FROM', 'a@b>'],
  ])('refuses %s=%s at the start, not when it is used', (name, value) => {
    expect(() => readConfig({ [name]: value })).toThrow(new RegExp(`^ {2}${name} must be`, 'm'));
  });

  it.each([
    'a@b.example',
    'Vault <a@b.example>',
    '<a@b.example>',
    '"Vault, Inc." <a@b.example>',
    'Émile O’Neill <e@x>',
  ])('takes %s for a mailbox', (mailFrom) => {
    expect(readConfig({ MAIL_FROM: mailFrom })).toMatchObject({ mailFrom });
  });

  it('has origins as browsers send them', () => {
    const PUSH_ALLOWED_ORIGINS = 'https://Example.com:443, http://localhost:5173, *';
    expect(readConfig({ PUSH_ALLOWED_ORIGINS }).pushAllowedOrigins).toEqual([
      ...['https://example.com', 'http://localhost:5173', '*'],
    ]);
  });

  it('.env.example documents every variable with its default', () => {
    const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const lines = [...text.matchAll(/^(# )?([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => ({
      commented: match[1] !== undefined,
      name: match[2] ?? '',
      value: match[3] ?? '',
    }));
    const names = lines.map(({ name }) => name);
    const forAll = names.filter((name) => !isProgramVariable(name));
    expect(forAll.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
    // Of one program each setting is shown, as an example.
    const ofStakes = PROGRAM_SETTING_NAMES.map((setting) => programVariable('stake-vault', setting));
    expect(names).toEqual(expect.arrayContaining(ofStakes));
    const settings = (chosen: typeof lines) => Object.fromEntries(chosen.map(({ name, value }) => [name, value]));
    const defaults = settings(lines.filter(({ commented }) => !commented));
    expect(JSON.stringify(readConfig(defaults))).toBe(JSON.stringify(readConfig({})));
    const shown = settings(lines.filter(({ name }) => ofStakes.includes(name)));
    expect(settingsOf(readConfig(shown), stakeVault)).toEqual(settingsOf(readConfig({}), stakeVault));
    // What is commented out is an example: it must be a valid one.
    settingsOf(readConfig(settings(lines)), stakeVault);
  });
});

it('takes an address of 32 bytes only, whatever its length in characters', () => {
  const vault = '2U7G18mRwqf1gVRiy942GXZx1ywwcBQW8dpfeXKwGov4';
  expect(readConfig({ STAKE_VAULT_ADDRESS: vault }).stakeVaultAddress).toBe(vault);
  for (const bad of ['z'.repeat(44), '2'.repeat(32), `0${vault.slice(1)}`]) {
    expect(() => readConfig({ STAKE_VAULT_ADDRESS: bad })).toThrow(
      'STAKE_VAULT_ADDRESS must be a base58 account address of 32 bytes',
    );
    expect(() => readConfig({ COUPONS_PROGRAM_ID: bad })).toThrow('COUPONS_PROGRAM_ID must be');
  }
});
