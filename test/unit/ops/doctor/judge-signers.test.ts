import { describe, expect, it } from 'vitest';
import { judgeApiKeys, judgeBalances, judgeKeys, judgeNoKeys } from '../../../../src/ops/doctor/judge-signers.js';

describe('signers', () => {
  it('keys', () => {
    expect(judgeKeys([]).found).toBe('none is configured');
    expect(judgeKeys(['A', 'B']).found).toBe('2 keys: A, B');
    expect(judgeNoKeys({ reason: 'signer-invalid', message: 'no' })).toMatchObject({ status: 'fail', found: 'no' });
  });

  it('balances', () => {
    const rich = { address: 'A', lamports: 2_000_000_000n };
    expect(judgeBalances([rich, { address: 'B', lamports: 10_000_000n }])).toMatchObject({
      status: 'ok',
      found: 'at least 0.01 SOL each',
    });
    expect(judgeBalances([rich, { address: 'B', lamports: 9_999_999n }])).toMatchObject({ status: 'warn' });
    expect(judgeBalances([rich, { address: 'B', lamports: 0n }]).found).toBe('B has 0 SOL');
  });

  it('API keys: missed only where an API is meant', () => {
    expect(judgeApiKeys({ active: 0, writing: 0, isWanted: false }).status).toBe('ok');
    expect(judgeApiKeys({ active: 2, writing: 1, isWanted: true }).found).toBe('2 active keys, 1 of them for writes');
    expect(judgeApiKeys({ active: 2, writing: 0, isWanted: true })).toMatchObject({ status: 'warn' });
    expect(judgeApiKeys({ active: 0, writing: 0, isWanted: true }).advice).toContain('npm run api-key -- create');
  });
});
