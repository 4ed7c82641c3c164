import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runReconcile } from '../../../src/app/run-reconcile.js';
import { stakeVault } from '../../../src/domains/stake-vault/module.js';
import { eventually } from '../../support/eventually.js';
import { stakeVaultClient, TOKEN, VaultClient } from '../programs/stake-vault-chain.js';
import { openDomainBench, type DomainBench } from './domain-bench.js';

let bench: DomainBench;
let vault: VaultClient;
let owners: [Keypair, Keypair];
beforeAll(async () => {
  bench = await openDomainBench(stakeVault, ['stake-vault']);
  const client = await stakeVaultClient(bench.chain);
  const mint = await client.createMint();
  vault = new VaultClient(client, await bench.user(), mint);
  owners = (await client.wallets(2, mint)) as [Keypair, Keypair];
});
afterAll(() => bench.close());

const vaultDocument = () => bench.document('vaults', vault.address.toBase58());
const stakeOf = (owner: Keypair) => bench.document('stakes', vault.stakeOf(owner).toBase58());

it('follows stakes through the cooldown and out again, and keeps every movement (001-1)', async () => {
  const [alice, bob] = owners;
  const opened = await vault.open({ minimumStake: 10n * TOKEN, cooldownSeconds: 1 });
  const staked = await vault.stake(alice, 30n * TOKEN);
  const more = await vault.stake(alice, 10n * TOKEN);
  const other = await vault.stake(bob, 15n * TOKEN);
  await bench.worker.allFinal([opened, staked, more, other].map(({ signature }) => signature));
  expect(await vaultDocument()).toMatchObject({
    ...{ minimumStake: 10n * TOKEN, totalStaked: 55n * TOKEN, totalUnstaking: 0n, activeStakes: 2n },
  });
  expect(await stakeOf(alice)).toMatchObject({
    ...{ owner: alice.publicKey.toBase58(), status: 'active', staked: 40n * TOKEN, totalDeposited: 40n * TOKEN },
    ...{ unstaking: 0n, withdrawableAt: null, totalWithdrawn: 0n },
  });

  const asked = await vault.requestUnstake(alice, 40n * TOKEN);
  await bench.worker.allFinal([asked.signature]);
  expect(await stakeOf(alice)).toMatchObject({ status: 'inactive', staked: 0n, unstaking: 40n * TOKEN });
  expect(await stakeOf(alice)).toMatchObject({ withdrawableAt: expect.any(Date) as Date });
  const withdrawn = await eventually(() => vault.withdraw(alice));
  const again = await vault.stake(alice, 10n * TOKEN);
  const updated = await vault.update(5n * TOKEN, null);
  await bench.worker.allFinal([withdrawn, again, updated].map(({ signature }) => signature));
  expect(await stakeOf(alice)).toMatchObject({
    ...{ status: 'active', staked: 10n * TOKEN, unstaking: 0n, withdrawableAt: null },
    ...{ totalDeposited: 50n * TOKEN, totalWithdrawn: 40n * TOKEN },
  });
  expect(await vaultDocument()).toMatchObject({ minimumStake: 5n * TOKEN, activeStakes: 2n, totalUnstaking: 0n });
  const movements = await bench.documents('stake_movements', { owner: alice.publicKey.toBase58() });
  const byKind = movements.map(({ kind, amount }) => `${String(kind)} ${String(amount as bigint)}`).sort();
  expect(byKind).toEqual([
    ...['staked 10000000', 'staked 10000000', 'staked 30000000'],
    ...['unstake-requested 40000000', 'withdrawn 40000000'],
  ]);
  expect(await bench.expectTruth()).toBe(3 + 6);
});

it('comes back without its documents and its ledger, in one pass (X-2, 003-8)', async () => {
  const { foundation } = bench.worker;
  for (const name of ['vaults', 'stakes', 'stake_movements', 'ledger_events']) {
    await foundation.mongo.db.collection(name).deleteMany({});
  }
  const [run] = await runReconcile(foundation, foundation.modules, { scope: 'everything' });
  expect(run).toMatchObject({ state: 'done', counts: { left: 0 } });
  expect(await bench.expectTruth()).toBe(3 + 6);
});
