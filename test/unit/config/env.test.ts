import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { environmentSchema, readConfig } from '../../../src/config/env.js';

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

  it('.env.example documents every variable with its default', () => {
    const text = readFileSync(new URL('../../../.env.example', import.meta.url), 'utf8');
    const lines = [...text.matchAll(/^(# )?([A-Z][A-Z_]+)=(.*)$/gm)].map((match) => ({
      commented: match[1] !== undefined,
      name: match[2] ?? '',
      value: match[3] ?? '',
    }));
    expect(lines.map(({ name }) => name).sort()).toEqual(Object.keys(environmentSchema.shape).sort());
    const settings = (chosen: typeof lines) => Object.fromEntries(chosen.map(({ name, value }) => [name, value]));
    const defaults = settings(lines.filter(({ commented }) => !commented));
    expect(JSON.stringify(readConfig(defaults))).toBe(JSON.stringify(readConfig({})));
    // What is commented out is an example: it must be a valid one.
    readConfig(settings(lines));
  });
});
