import { afterAll, beforeAll, expect, it } from 'vitest';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { stakeVaultRoutes } from '../../../src/domains/stake-vault/routes.js';
import { startApiStack, type ApiStack } from '../api/api-stack.js';
import { stakeVaultClient, TOKEN } from '../programs/stake-vault-chain.js';

let stack: ApiStack;
beforeAll(async () => {
  stack = await startApiStack({ domains: [redPacketRoutes(), stakeVaultRoutes] });
});
afterAll(() => stack.stop());

const soon = () => new Date(Date.now() + 86_400_000).toISOString();

it('makes, claims and shows a packet over HTTP, the chain first (003-12, 000-2)', async () => {
  const [creator, first, second] = stack.addresses as [string, string, string];
  const terms = { creator, kind: 'equal', totalAmount: '3000000', count: 2, message: '恭喜发财', expiresAt: soon() };
  const created = await stack.post('/api/packets', terms);
  expect(created).toMatchObject({
    status: 201,
    body: { document: { creator, totalAmount: '3000000', remainingCount: 2, status: 'open', bestClaim: null } },
  });
  const packet = created.body.address;
  for (const claimer of [first, second]) {
    const claimed = await stack.post(`/api/packets/${packet}/claims`, { claimer });
    expect(claimed).toMatchObject({ status: 200, body: { document: { packet, claimer, amount: '1500000' } } });
  }
  const again = await stack.post(`/api/packets/${packet}/claims`, { claimer: first });
  expect(again).toMatchObject({ status: 422, body: { programError: { name: 'PacketExhausted' } } });
  expect(await stack.get(`/api/packet_claims?packet=${packet}`)).toMatchObject({ body: { items: { length: 2 } } });
  expect(await stack.get(`/api/packets?creator=${creator}`)).toMatchObject({
    body: { items: [{ address: packet, status: 'exhausted', remainingAmount: '0' }] },
  });
  expect(await stack.post(`/api/packets/${packet}/close`, { creator })).toMatchObject({ status: 200 });
  expect(await stack.get(`/api/packets/${packet}`)).toMatchObject({ status: 404 });
});

it('opens a vault, stakes and asks back over HTTP (003-12, 001-1)', async () => {
  const [authority, owner] = stack.addresses as [string, string];
  const client = await stakeVaultClient(stack.chain);
  const mint = await client.createMint();
  await client.fill(stack.signers.slice(1, 2), mint);
  const terms = { authority, mint: mint.toBase58(), minimumStake: '10', cooldownSeconds: 0 };
  const opened = await stack.post('/api/vaults', terms);
  expect(opened).toMatchObject({ status: 201, body: { document: { authority, minimumStake: '10' } } });
  const vault = opened.body.address;
  const staked = await stack.post(`/api/vaults/${vault}/stakes`, { owner, amount: String(5n * TOKEN) });
  expect(staked).toMatchObject({ status: 200, body: { document: { owner, staked: '5000000', status: 'active' } } });
  const asked = await stack.post(`/api/vaults/${vault}/unstake-requests`, { owner, amount: String(5n * TOKEN) });
  expect(asked).toMatchObject({ status: 200, body: { document: { staked: '0', status: 'inactive' } } });
  const out = await stack.post(`/api/vaults/${vault}/withdrawals`, { owner });
  expect(out).toMatchObject({ status: 200, body: { document: { unstaking: '0', totalWithdrawn: '5000000' } } });
  expect(await stack.get(`/api/stake_movements?owner=${owner}`)).toMatchObject({ body: { items: { length: 3 } } });
});
