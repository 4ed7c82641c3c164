import type { TestProject } from 'vitest/node';
import { startChain } from '../../src/dev/embedded-chain.js';
import { startDatabase } from '../../src/dev/embedded-database.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { buildCopies } from './built-copies.js';
import './provided.js';

/**
 * Shorter than the 400 ms of its default, since most of the time goes by in waiting for finality (31 slots) and for the
 * end of a blockhash (150). Still shorter ones cost a validator on two cores its processor.
 */
const VALIDATOR_SLOT_MS = 100;

/**
 * One database server for the whole run (each test file takes a database of its own in it), and with
 * MOORING_TEST_CHAIN=validator one solana-test-validator. Surfnets are cheap: each test file starts its own.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide('builtCopies', buildCopies());
  const log = (line: string): void => console.log(`[test setup] ${line}`);
  const database = await startDatabase({ uri: process.env['MONGODB_URI'], log });
  try {
    project.provide('mongodbUri', database.uri);
    project.provide('databaseGoesWithRun', database.kind !== 'external');
    if (process.env['MOORING_TEST_CHAIN'] !== 'validator') {
      project.provide('sharedChain', null);
      return () => database.stop();
    }
    const chain = await startChain({
      kind: 'validator',
      slotTimeMs: VALIDATOR_SLOT_MS,
      programs: projectPrograms(),
      log,
    });
    project.provide('sharedChain', { rpcUrl: chain.rpcUrls[0] as string, wsUrl: chain.wsUrls[0] as string });
    return async () => {
      await Promise.all([database.stop(), chain.stop()]);
    };
  } catch (error) {
    await database.stop();
    throw error;
  }
}
