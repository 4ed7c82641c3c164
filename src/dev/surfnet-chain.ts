import { readFileSync } from 'node:fs';
import { Connection } from '@solana/web3.js';
import { MooringError, messageOf } from '../lib/errors.js';
import { readDeployedProgram } from './deployed-program.js';
import type { DevChain, DevProgram } from './dev-chain.js';
import { fundAccount } from './fund-account.js';
import { loadSurfnet, type Surfnet } from './surfnet-addon.js';

/** Undrained, its event channel fills up and it deadlocks after about 900 transactions (seen with 1.5.0). */
const DRAIN_EVERY_MS = 50;

/**
 * Starts a Surfnet inside this process: a chain without forks, in memory, ready after about 80 ms. Several live side by
 * side. Throws MooringError `surfnet-unavailable`.
 */
export async function startSurfnetChain(options: {
  slotTimeMs: number;
  programs: readonly DevProgram[];
}): Promise<DevChain> {
  const surfnet = loadSurfnet().startWithConfig({
    offline: true,
    blockProductionMode: 'clock',
    slotTimeMs: options.slotTimeMs,
  });
  const drain = setInterval(() => surfnet.drainEvents(), DRAIN_EVERY_MS);
  drain.unref();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    clearInterval(drain);
    surfnet.stop();
  };
  const connection = new Connection(surfnet.rpcUrl, { commitment: 'confirmed', wsEndpoint: surfnet.wsUrl });
  try {
    const genesisHash = await connection.getGenesisHash();
    for (const program of options.programs) await deployTo(surfnet, connection, program);
    return {
      kind: 'surfnet',
      rpcUrls: [surfnet.rpcUrl],
      wsUrls: [surfnet.wsUrl],
      genesisHash,
      survivesRestart: false,
      isLocal: true,
      fund: (address, lamports) => fundAccount(connection, address, lamports),
      deploy: (program) => deployTo(surfnet, connection, program),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function deployTo(surfnet: Surfnet, connection: Connection, program: DevProgram): Promise<void> {
  try {
    const deployed = await readDeployedProgram(connection, program.address, readFileSync(program.soPath));
    if (deployed.kind === 'deployed' && deployed.same) return;
    surfnet.deploy({ programId: program.address.toBase58(), soPath: program.soPath });
  } catch (error) {
    throw new MooringError(
      'deploy-failed',
      `Cannot deploy ${program.soPath} to the embedded chain: ${messageOf(error)}`,
      { cause: error },
    );
  }
}
