import { expect, it } from 'vitest';
import { agreedGenesis } from '../../../src/app/genesis.js';
import type { PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { JumpingClock } from '../chain/jumping-clock.js';
import { recordingLog } from '../chain/recording-log.js';

function ask(...hashes: readonly (string | null)[]) {
  const clock = new JumpingClock();
  const log = recordingLog();
  const endpoints = hashes.map((hash, at): PooledEndpoint => ({
    name: `node${at}`,
    call: ({ read }) =>
      hash === null ? Promise.reject(new RpcError('unreachable', 'down')) : Promise.resolve(read(hash)),
    close: () => Promise.resolve(),
  }));
  const pool = new RpcPool({ endpoints, clock, random: () => 0.5, log });
  return { answer: agreedGenesis(pool, clock, log), log };
}

it('is what every endpoint says (I5)', async () => {
  await expect(ask('A').answer).resolves.toBe('A');
  await expect(ask('A', 'A').answer).resolves.toBe('A');
});

it('refuses endpoints of different chains, and names them (I5)', async () => {
  await expect(ask('A', 'A', 'B').answer).rejects.toThrow(/node0 has genesis A, node2 has B/);
});

it('says which endpoints could not be asked, and goes on with the others', async () => {
  const { answer, log } = ask(null, 'A');
  await expect(answer).resolves.toBe('A');
  expect(log.lines.join('\n')).toContain('"endpoints":["node0"]');
});

it('says what to do when none answers', async () => {
  await expect(ask(null, null).answer).rejects.toThrow(/Check SOLANA_RPC_URL/);
});
