import { readFileSync } from 'node:fs';
import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../../src/dev/dev-chain.js';
import { readDeployedProgram } from '../../../src/dev/deployed-program.js';
import { startChain } from '../../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../../src/dev/project-programs.js';
import { eventually } from '../../support/eventually.js';

describe('the embedded Surfnet', () => {
  const COUNT = 3;
  let chains: DevChain[];
  let connections: Connection[];

  beforeAll(async () => {
    chains = await Promise.all(Array.from({ length: COUNT }, () => startChain({ slotTimeMs: 50 })));
    connections = chains.map((chain) => new Connection(chain.rpcUrls[0] as string, 'confirmed'));
  });
  afterAll(async () => {
    await Promise.all(chains.map((chain) => chain.stop()));
  });

  it('runs several side by side, each with accounts of its own', async () => {
    const { publicKey } = Keypair.generate();
    await Promise.all(chains.map((chain, index) => chain.fund(publicKey, (index + 1) * LAMPORTS_PER_SOL)));
    const balances = await Promise.all(connections.map((connection) => connection.getBalance(publicKey)));
    expect(balances).toEqual([1, 2, 3].map((sol) => sol * LAMPORTS_PER_SOL));
    expect(new Set(chains.flatMap((chain) => [...chain.rpcUrls, ...chain.wsUrls])).size).toBe(2 * COUNT);
  });

  it('moves by itself and finalizes', async () => {
    const [connection] = connections as [Connection];
    const slot = await connection.getSlot('confirmed');
    await eventually(async () => (await connection.getSlot('finalized')) > slot);
  });

  it('goes on past the transactions that fill its event channel', async () => {
    const [chain] = chains as [DevChain];
    const [connection] = connections as [Connection];
    // Undrained, 1.5.0 stops answering after about 900.
    for (let batch = 0; batch < 20; batch++) {
      await Promise.all(Array.from({ length: 50 }, () => connection.requestAirdrop(Keypair.generate().publicKey, 1e9)));
    }
    const { publicKey } = Keypair.generate();
    await chain.fund(publicKey, LAMPORTS_PER_SOL);
    expect(await connection.getBalance(publicKey)).toBe(LAMPORTS_PER_SOL);
  });

  it('has another genesis than one started in another second, so that a database can tell them apart', async () => {
    const [chain] = chains as [DevChain];
    expect(chain.survivesRestart).toBe(false);
    // Its genesis takes the wall clock in seconds; the others were started at the top of this file.
    await eventually(() => new Date().getMilliseconds() < 100, { everyMs: 5 });
    const later = await startChain({ slotTimeMs: 50 });
    try {
      expect(later.genesisHash).not.toBe(chain.genesisHash);
      expect(await connections[0]?.getGenesisHash()).toBe(chain.genesisHash);
    } finally {
      await later.stop();
    }
  });

  it.runIf(projectPrograms().length > 0)('deploys a program, and nothing the second time', async () => {
    const [chain] = chains as [DevChain];
    const [connection] = connections as [Connection];
    const [program] = projectPrograms() as [ReturnType<typeof projectPrograms>[number]];
    await chain.deploy(program);
    const elf = readFileSync(program.soPath);
    expect(await readDeployedProgram(connection, program.address, elf)).toMatchObject({ kind: 'deployed', same: true });
    const account = async (): Promise<unknown> =>
      (await connection.getAccountInfo(program.address))?.data.toString('hex');
    const first = await account();
    await chain.deploy(program);
    expect(await account()).toBe(first);
  });

  it('says what is missing when a program file is', async () => {
    const [chain] = chains as [DevChain];
    const program = { address: Keypair.generate().publicKey, soPath: 'programs/none/none.so' };
    await expect(chain.deploy(program)).rejects.toMatchObject({ code: 'deploy-failed' });
  });
});
