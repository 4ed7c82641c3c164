import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import { afterAll, describe, expect, it } from 'vitest';
import { startChain } from '../../../src/dev/embedded-chain.js';
import { findOnPath } from '../../../src/dev/find-on-path.js';
import { projectPrograms } from '../../../src/dev/project-programs.js';

describe.skipIf(!findOnPath('solana-test-validator'))('solana-test-validator', { timeout: 600_000 }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'mooring-test-'));
  afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

  it('resumes its ledger from a data directory, beside another one', async () => {
    const { publicKey } = Keypair.generate();
    const programs = projectPrograms();
    const [kept, beside] = await Promise.all([
      startChain({ kind: 'validator', dataDir, programs }),
      startChain({ kind: 'validator', programs }),
    ]);
    try {
      expect(kept).toMatchObject({ kind: 'validator', isLocal: true, survivesRestart: true });
      expect(beside.survivesRestart).toBe(false);
      expect(beside.genesisHash).not.toBe(kept.genesisHash);
      await kept.fund(publicKey, LAMPORTS_PER_SOL);
      await expect(startChain({ kind: 'validator', dataDir })).rejects.toMatchObject({ code: 'data-dir-in-use' });
    } finally {
      await Promise.all([kept.stop(), beside.stop()]);
    }
    const resumed = await startChain({ kind: 'validator', dataDir, programs });
    try {
      expect(resumed.genesisHash).toBe(kept.genesisHash);
      const connection = new Connection(resumed.rpcUrls[0] as string, 'confirmed');
      expect(await connection.getBalance(publicKey)).toBe(LAMPORTS_PER_SOL);
      for (const program of programs) expect((await connection.getAccountInfo(program.address))?.executable).toBe(true);
    } finally {
      await resumed.stop();
    }
  });
});
