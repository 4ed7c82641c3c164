import { describe, expect, it } from 'vitest';
import {
  judgeApiKeys,
  judgeBalances,
  judgeHolders,
  judgeKeys,
  judgeNoKeys,
  judgePauses,
  judgeTroubled,
  type SignerReading,
} from '../../../../src/ops/doctor/judge-signers.js';

const LEAST = 10_000_000;
const signer = (changes: Partial<SignerReading> = {}): SignerReading => ({
  ...{ address: 'A', holder: 'host:1', isServed: true, open: 2, pause: null, troubled: [] },
  ...changes,
});

describe('signers', () => {
  it('keys', () => {
    expect(judgeKeys([]).found).toBe('none is configured');
    expect(judgeKeys(['A', 'B']).found).toBe('2 keys: A, B');
    expect(judgeNoKeys({ reason: 'signer-invalid', message: 'no' })).toMatchObject({ status: 'fail', found: 'no' });
  });

  it('balances', () => {
    const rich = { address: 'A', lamports: 2_000_000_000n };
    expect(judgeBalances([rich, { address: 'B', lamports: 10_000_000n }], LEAST)).toMatchObject({
      status: 'ok',
      found: 'at least 0.01 SOL each',
    });
    expect(judgeBalances([rich, { address: 'B', lamports: 9_999_999n }], LEAST)).toMatchObject({ status: 'warn' });
    expect(judgeBalances([rich, { address: 'B', lamports: 0n }], LEAST).found).toBe('B has 0 SOL');
  });

  it('API keys: missed only where an API is meant', () => {
    expect(judgeApiKeys({ active: 0, writing: 0, isWanted: false }).status).toBe('ok');
    expect(judgeApiKeys({ active: 2, writing: 1, isWanted: true }).found).toBe('2 active keys, 1 of them for writes');
    expect(judgeApiKeys({ active: 2, writing: 0, isWanted: true })).toMatchObject({ status: 'warn' });
    expect(judgeApiKeys({ active: 0, writing: 0, isWanted: true }).advice).toContain('npm run api-key -- create');
  });

  it('who works on transactions: missed only where something is open (004-6.2)', () => {
    expect(judgeHolders([signer({ open: 0, holder: null })]).found).toBe('nothing is open');
    expect(judgeHolders([signer()])).toMatchObject({
      status: 'ok',
      found: expect.stringContaining('2 open') as string,
    });
    expect(judgeHolders([signer({ holder: null })])).toMatchObject({
      ...{ status: 'fail', found: 'nobody works on 2 open transactions of A' },
      advice: expect.stringContaining('within LEASE_TERM_MS') as string,
    });
    expect(judgeHolders([signer({ holder: null, isServed: false })]).advice).toContain('SIGNER_KEYPAIRS');
  });

  it('a pause is a warning once it lasts for an hour', () => {
    expect(judgePauses([signer()]).found).toBe('none');
    expect(judgePauses([signer({ pause: { reason: 'audit', ms: 60_000 } })])).toMatchObject({
      ...{ status: 'ok', found: 'A for 60 s (audit)' },
    });
    expect(judgePauses([signer({ pause: { reason: 'audit', ms: 3_600_000 } })])).toMatchObject({ status: 'warn' });
  });

  it('transactions in trouble', () => {
    expect(judgeTroubled([signer()]).status).toBe('ok');
    expect(judgeTroubled([signer({ troubled: [{ id: 'k:1', trouble: 'unreachable: cut off' }] })])).toMatchObject({
      ...{ status: 'warn', found: '1 transaction, the oldest k:1: unreachable: cut off' },
      advice: expect.stringContaining('npm run transactions -- show k:1') as string,
    });
  });
});
