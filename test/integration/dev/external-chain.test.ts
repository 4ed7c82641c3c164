import { readFileSync } from 'node:fs';
import { Connection, Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DevChain } from '../../../src/dev/dev-chain.js';
import { readDeployedProgram } from '../../../src/dev/deployed-program.js';
import { startChain } from '../../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../../src/dev/project-programs.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';

const DEVNET_GENESIS = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';
const [router] = projectPrograms(['router']);

describe('a chain somebody else runs', () => {
  let behind: DevChain;
  let proxy: FaultProxy;

  beforeAll(async () => {
    behind = await startChain({ slotTimeMs: 50 });
    proxy = await startFaultProxy({ rpcUrl: behind.rpcUrls[0] as string, wsUrl: behind.wsUrls[0] as string });
  });
  afterAll(async () => {
    await proxy.stop();
    await behind.stop();
  });

  const open = (): Promise<DevChain> => startChain({ rpcUrls: [proxy.rpcUrl], wsUrls: [proxy.wsUrl] });

  it('on loopback is local: it can be funded, and stays up when we stop', async () => {
    const chain = await open();
    expect(chain).toMatchObject({ kind: 'external', isLocal: true, genesisHash: behind.genesisHash });
    const { publicKey } = Keypair.generate();
    await chain.fund(publicKey, LAMPORTS_PER_SOL);
    await chain.stop();
    expect(await new Connection(proxy.rpcUrl).getBalance(publicKey)).toBe(LAMPORTS_PER_SOL);
  });

  it.runIf(router)('takes a program by real loader transactions, and only once', async () => {
    if (!router) return;
    const chain = await open();
    const connection = new Connection(proxy.rpcUrl, 'confirmed');
    const elf = readFileSync(router.soPath);
    await chain.deploy(router);
    expect(await readDeployedProgram(connection, router.address, elf)).toMatchObject({
      kind: 'deployed',
      same: true,
      upgradeAuthority: router.address,
    });
    const sent = proxy.counters.httpCalls.get('sendTransaction');
    await chain.deploy(router);
    expect(proxy.counters.httpCalls.get('sendTransaction')).toBe(sent);
  });

  it.runIf(router)('refuses a keypair that is not the program’s', async () => {
    if (!router?.keypairPath) return;
    const chain = await open();
    const other = { ...router, address: Keypair.generate().publicKey };
    await expect(chain.deploy(other)).rejects.toMatchObject({ code: 'deploy-refused' });
  });

  it('that is a public cluster behind a tunnel is neither funded nor deployed to', async () => {
    const restore = proxy.onRpc('getGenesisHash', () => ({ result: DEVNET_GENESIS }));
    try {
      const sent = proxy.counters.httpCalls.get('sendTransaction');
      const chain = await startChain({ rpcUrls: [proxy.rpcUrl], programs: projectPrograms() });
      expect(chain.isLocal).toBe(false);
      const program = { address: Keypair.generate().publicKey, soPath: 'some.so' };
      await expect(chain.deploy(program)).rejects.toMatchObject({ code: 'deploy-refused' });
      await expect(chain.fund(program.address, 1)).rejects.toMatchObject({ code: 'fund-refused' });
      expect(proxy.counters.httpCalls.get('sendTransaction')).toBe(sent);
    } finally {
      restore();
    }
  });

  it('is taken with one endpoint down, not with endpoints of two chains', async () => {
    const nobody = 'http://127.0.0.1:1';
    const chain = await startChain({ rpcUrls: [nobody, proxy.rpcUrl] });
    expect(chain.genesisHash).toBe(behind.genesisHash);
    const restore = proxy.onRpc('getGenesisHash', () => ({ result: DEVNET_GENESIS }));
    const mixed = startChain({ rpcUrls: [behind.rpcUrls[0] as string, proxy.rpcUrl] });
    await expect(mixed.finally(restore)).rejects.toMatchObject({ code: 'chain-mixed' });
    await expect(startChain({ rpcUrls: [nobody] })).rejects.toMatchObject({ code: 'chain-unreachable' });
  });
});
