import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import { inject } from 'vitest';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import './provided.js';

/** Fast enough for tests; a blockhash then lives 7.5 s (150 slots). */
const TEST_SLOT_MS = 50;

export interface TestChain extends DevChain {
  readonly rpcUrl: string;
  readonly wsUrl: string;
  /** At commitment `confirmed`. */
  readonly connection: Connection;
  /** START_SLOT of a worker that is to hear of nothing before this test: a shared validator has a past. */
  readonly startSlot: string;
  /** New keypairs, each with `lamports` (default 10 SOL), funded at the same time. */
  fundedKeypairs(count: number, lamports?: number): Promise<Keypair[]>;
}

/**
 * A chain of its own (a Surfnet), or with MOORING_TEST_CHAIN=validator the validator all test files of the run share:
 * then use fresh accounts and expect other files' transactions. The project's programs (all, or those named) are
 * deployed as far as they are built. Call `stop()` in `afterAll`; it leaves the shared validator running.
 */
export async function createTestChain(
  options: { programs?: readonly string[]; slotTimeMs?: number } = {},
): Promise<TestChain> {
  const shared = inject('sharedChain');
  const chain = await startChain({
    programs: projectPrograms(options.programs),
    slotTimeMs: options.slotTimeMs ?? TEST_SLOT_MS,
    ...(shared ? { rpcUrls: [shared.rpcUrl], wsUrls: [shared.wsUrl] } : {}),
  });
  const rpcUrl = chain.rpcUrls[0] as string;
  const wsUrl = chain.wsUrls[0] as string;
  const connection = new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint: wsUrl });
  return {
    ...chain,
    rpcUrl,
    wsUrl,
    connection,
    startSlot: shared ? String(await connection.getSlot('confirmed')) : '0',
    fundedKeypairs: async (count, lamports = 10 * LAMPORTS_PER_SOL) => {
      const keypairs = Array.from({ length: count }, () => Keypair.generate());
      await Promise.all(keypairs.map((keypair) => chain.fund(keypair.publicKey, lamports)));
      return keypairs;
    },
  };
}
