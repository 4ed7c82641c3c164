import { expect, it } from 'vitest';
import { judgeNamed, judgeNode, judgeSettings } from '../../../../src/ops/doctor/judge-environment.js';

const well = { dotEnv: 'read', set: 3, problems: [], misspelt: [], strangers: [] } as const;

it('settings: all usable, beside those of somebody else', () => {
  expect(judgeSettings(well)).toMatchObject({ status: 'ok', found: '.env read, 3 variables set, all usable' });
  expect(judgeSettings({ ...well, dotEnv: 'absent', set: 1, strangers: ['GREETING'] })).toMatchObject({
    status: 'ok',
    found: "no .env here, 1 variable set, all usable; not mooring's: GREETING",
  });
});

it('settings: a misspelt one is a warning, with what was meant', () => {
  const misspelt = [
    { name: 'COUPON_CONFIRMATIONS', meant: 'COUPONS_CONFIRMATIONS' },
    { name: 'SHOP_CONFIRMATIONS', meant: null },
  ];
  const found = 'mooring does not know COUPON_CONFIRMATIONS (did you mean COUPONS_CONFIRMATIONS?), SHOP_CONFIRMATIONS';
  const judged = judgeSettings({ ...well, misspelt });
  expect(judged).toMatchObject({ status: 'warn', found: `.env read, 3 variables set; ${found}` });
  expect(judged.advice).toContain('correct or remove COUPON_CONFIRMATIONS, SHOP_CONFIRMATIONS');
  const problems = [{ name: 'PORT', problem: 'must be a number' }];
  expect(judgeSettings({ ...well, misspelt, problems })).toMatchObject({
    status: 'fail',
    found: `PORT must be a number; ${found}`,
  });
});

it('settings: every bad variable is named, with what it must be', () => {
  const problems = [
    { name: 'PORT', problem: 'must be a number' },
    { name: 'SOURCE', problem: 'must be one of socket, polling' },
  ];
  const judged = judgeSettings({ ...well, problems });
  expect(judged).toMatchObject({
    status: 'fail',
    found: 'PORT must be a number; SOURCE must be one of socket, polling',
  });
  expect(judged.advice).toContain('Correct PORT, SOURCE in .env');
});

it('settings: a .env that cannot be read', () => {
  expect(judgeSettings({ ...well, dotEnv: { unreadable: 'EACCES' } })).toMatchObject({
    status: 'fail',
    found: '.env cannot be read: EACCES',
  });
});

it.each([
  ['20.19.0', 'ok'],
  ['20.20.1', 'ok'],
  ['22.0.0', 'ok'],
  ['20.18.9', 'fail'],
  ['18.99.99', 'fail'],
])('Node %s is %s', (running, status) => {
  expect(judgeNode({ running, least: '20.19' }).status).toBe(status);
});

it('where chain and database are has to be said', () => {
  expect(judgeNamed('SOLANA_RPC_URL', ['a', 'b'])).toMatchObject({ status: 'ok', found: 'SOLANA_RPC_URL names a, b' });
  expect(judgeNamed('MONGODB_URI', []).status).toBe('fail');
  expect(judgeNamed('MONGODB_URI', []).advice).toContain('Set MONGODB_URI in .env');
});
