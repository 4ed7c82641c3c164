import { expect, it } from 'vitest';
import { judgeNames } from '../../../../src/app/doctor/judge-names.js';
import { readSettings } from '../../../../src/app/doctor/read-settings.js';
import { nearestName } from '../../../../src/ops/doctor/misspelt-names.js';

const COUPONS = { name: 'coupons' };
const STAKE_VAULT = { name: 'stake-vault' };
const ALL = [COUPONS, STAKE_VAULT];

function judged(
  env: Record<string, string>,
  {
    inDotEnv = [],
    served = ALL,
    installed = ALL,
  }: Partial<Record<'served', typeof ALL>> & {
    inDotEnv?: string[];
    installed?: typeof ALL | null;
  } = {},
) {
  const dotEnv = { state: 'read', names: inDotEnv } as const;
  return judgeNames(readSettings(env, dotEnv), { env, dotEnv }, served, installed);
}

it('a misspelt setting is told with what was meant, also one of the environment (003-17)', () => {
  const env = { STAKE_VAULT_CONFIRMATION: '3', COUPON_CONFIRMATIONS: '3', MONGO_URI: 'x', SHOP_HISTORY_PAGE_SIZE: '5' };
  expect(judged(env).reading.misspelt).toEqual([
    { name: 'STAKE_VAULT_CONFIRMATION', meant: 'STAKE_VAULT_CONFIRMATIONS' },
    { name: 'COUPON_CONFIRMATIONS', meant: 'COUPONS_CONFIRMATIONS' },
    { name: 'MONGO_URI', meant: 'MONGODB_URI' },
    { name: 'SHOP_HISTORY_PAGE_SIZE', meant: null },
  ]);
});

it("the environment's own names are nobody's mistake", () => {
  const env = {
    HOME: '/',
    PATH: '/bin',
    HOSTNAME: 'h',
    POST: '1',
    ALERT_URL: 'x',
    LANG: 'C',
    COUPON_CONFIRMATIONS: ' ',
  };
  expect(judged(env).reading).toMatchObject({ misspelt: [], strangers: [] });
});

it('of a .env, what begins like ours is told; what belongs to somebody else is no warning', () => {
  expect(judged({}, { inDotEnv: ['ALERT_URL', 'GREETING', 'PORT', 'COUPONS_CONFIRMATIONS'] }).reading).toMatchObject({
    misspelt: [{ name: 'ALERT_URL', meant: null }],
    strangers: ['GREETING'],
  });
});

it('a bad setting of a served program is a problem of the settings, and counts as not set', () => {
  const env = { STAKE_VAULT_CONFIRMATIONS: 'abc', COUPONS_CONFIRMATIONS: '7' };
  const { config, reading } = judged(env);
  expect(reading.problems).toEqual([
    { name: 'STAKE_VAULT_CONFIRMATIONS', problem: 'must be a whole number from 0 to 10000' },
  ]);
  expect(config.programVariables).toEqual({ COUPONS_CONFIRMATIONS: '7' });
  expect(judged(env, { served: [COUPONS] }).reading).toMatchObject({ problems: [], misspelt: [] });
});

it('where the programs cannot be listed, nothing is said of their settings', () => {
  const env = { SHOP_CONFIRMATIONS: 'abc', MONGO_URI: 'x' };
  expect(judged(env, { served: [], installed: null }).reading).toMatchObject({
    problems: [],
    misspelt: [{ name: 'MONGO_URI', meant: 'MONGODB_URI' }],
  });
});

it('the nearest name wins, and short names are near to nothing', () => {
  const known = ['HOST', 'SMTP_URL', 'CONFIRMATIONS', 'COUPONS_CONFIRMATIONS'];
  expect(nearestName('HOSTS', known)).toBeNull();
  expect(nearestName('SMTP_URI', known)).toBe('SMTP_URL');
  expect(nearestName('SMTP_UR1S', known)).toBeNull();
  expect(nearestName('CONFIRMATION', known)).toBe('CONFIRMATIONS');
  expect(nearestName('COUPONCONFIRMATIONS', known)).toBe('COUPONS_CONFIRMATIONS');
});
