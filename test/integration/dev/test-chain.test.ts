import { LAMPORTS_PER_SOL } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPrograms } from '../../../src/dev/project-programs.js';
import { createTestChain, type TestChain } from '../../support/test-chain.js';

describe('a test chain', () => {
  let chain: TestChain;
  beforeAll(async () => {
    chain = await createTestChain();
  });
  afterAll(() => chain.stop());

  it('funds keypairs', async () => {
    const keypairs = await chain.fundedKeypairs(3, 2 * LAMPORTS_PER_SOL);
    const accounts = await chain.connection.getMultipleAccountsInfo(keypairs.map(({ publicKey }) => publicKey));
    expect(accounts.map((account) => account?.lamports)).toEqual(Array(3).fill(2 * LAMPORTS_PER_SOL));
  });

  it('has the project’s programs', async () => {
    for (const { address } of projectPrograms()) {
      expect((await chain.connection.getAccountInfo(address))?.executable).toBe(true);
    }
  });
});
