import { Connection } from '@solana/web3.js';
import { expect, it } from 'vitest';
import { deployProgram } from '../../../src/dev/deploy-program.js';
import { projectPrograms } from '../../../src/dev/project-programs.js';
import { startSurfnetChain } from '../../../src/dev/surfnet-chain.js';
import { couponsClient, refusal } from './coupons-chain.js';
import { redPacketsClient } from './red-packets-chain.js';
import { openShop } from './shop.js';

/** A Surfnet's own `deploy` never looks at the ELF; the loader verifies it. Some 470 transactions: slow on a busy machine. */
it('the committed programs pass the real loader and run', async () => {
  const chain = await startSurfnetChain({ slotTimeMs: 50, programs: [] });
  try {
    const [rpcUrl, wsEndpoint] = [chain.rpcUrls[0] ?? '', chain.wsUrls[0] ?? ''];
    const connection = new Connection(rpcUrl, { commitment: 'confirmed', wsEndpoint });
    for (const program of projectPrograms()) expect(await deployProgram(connection, program)).toBe('deployed');

    const client = couponsClient(connection);
    const shop = await openShop(client);
    expect(await client.fetch('promotion', shop.promotion)).toMatchObject({ revision: 1n, status: 'active' });
    expect(await refusal(client.router('logText', { args: ['hi'], signers: [shop.authority] }))).toBe('none');
    const packets = redPacketsClient(connection);
    const { packet } = await packets.create(shop.authority, { packetId: 1n });
    expect(await packets.fetch('packet', packet)).toMatchObject({ revision: 1n, status: 'open' });
  } finally {
    await chain.stop();
  }
}, 600_000);
