import { createCloseAccountInstruction, createTransferInstruction } from '@solana/spl-token';
import { PublicKey } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { redPacketRoutes } from '../../../src/domains/red-packets/routes.js';
import { stakeVaultRoutes } from '../../../src/domains/stake-vault/routes.js';
import { eventually } from '../../support/eventually.js';
import { startApiStack, type ApiStack } from '../api/api-stack.js';
import { RANDOMNESS, redPacketsClient, tokenOf } from '../programs/red-packets-chain.js';
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

it('makes a random packet, has its shares drawn by the oracle, and claims one over HTTP (003-12, 000-2)', async () => {
  const [creator, claimer, oracle] = stack.addresses as [string, string, string];
  const terms = { creator, kind: 'random', oracle, totalAmount: '3000000', count: 1, expiresAt: soon() };
  const created = await stack.post('/api/packets', terms);
  expect(created).toMatchObject({ status: 201, body: { document: { oracle, status: 'waiting', vrfRequestId: null } } });
  const packet = created.body.address;
  const asked = await stack.post(`/api/packets/${packet}/randomness-request`, { creator });
  expect(asked.status).toBe(200);
  const requestId = Buffer.from(asked.body.document?.['vrfRequestId'] as string, 'hex');
  const client = redPacketsClient(stack.chain.connection);
  await client.fulfil(new PublicKey(packet), stack.signers[2]!, RANDOMNESS, requestId);
  const claimed = await stack.post(`/api/packets/${packet}/claims`, { claimer });
  expect(claimed).toMatchObject({ status: 200, body: { document: { packet, claimer, amount: '3000000' } } });
});

it('gives tokens back to a creator who closed the account they came from (003-12)', async () => {
  const [signer] = stack.signers as [(typeof stack.signers)[0]];
  const [creator, claimer] = stack.addresses as [string, string];
  const client = redPacketsClient(stack.chain.connection);
  const mint = await client.mintFor(signer, 900n);
  const tokens = tokenOf(mint, signer.publicKey);
  const closeTokens = () =>
    client.sendRaw([createCloseAccountInstruction(tokens, signer.publicKey, signer.publicKey)], [signer]);
  const expiresAt = (await client.now()) + 3_600n;
  const terms = {
    ...{ creator, kind: 'equal', totalAmount: '900', count: 3, mint: mint.toBase58() },
    expiresAt: new Date(Number(expiresAt) * 1_000).toISOString(),
  };
  const packet = (await stack.post('/api/packets', terms)).body.address;
  expect(await stack.post(`/api/packets/${packet}/claims`, { claimer })).toMatchObject({ status: 200 });
  await closeTokens();
  await client.travelTo(expiresAt);
  await eventually(async () => (await client.now()) >= expiresAt);
  const refunded = await stack.post(`/api/packets/${packet}/refund`, { creator });
  expect(refunded).toMatchObject({ status: 200, body: { document: { status: 'refunded', refundedAmount: '600' } } });
  // Whoever claimed sends the tokens on before the account goes again.
  await client.sendRaw(
    [createTransferInstruction(tokens, tokenOf(mint, stack.signers[1]!.publicKey), signer.publicKey, 600n)],
    [signer],
  );
  await closeTokens();
  expect(await stack.post(`/api/packets/${packet}/close`, { creator })).toMatchObject({ status: 200 });
});

it('says why it can choose no id once the highest is spent (003-12)', async () => {
  const [creator, , other] = stack.addresses as [string, string, string];
  const terms = { creator: other, kind: 'equal', totalAmount: '3000000', count: 1, expiresAt: soon() };
  const packet = (await stack.post('/api/packets', { ...terms, packetId: String(2n ** 64n - 1n) })).body.address;
  const whileOpen = await stack.post('/api/packets', terms);
  expect(whileOpen.status).toBe(201);
  expect(await stack.post(`/api/packets/${packet}/claims`, { claimer: creator })).toMatchObject({ status: 200 });
  expect(await stack.post(`/api/packets/${packet}/close`, { creator: other })).toMatchObject({ status: 200 });
  const refused = await stack.post('/api/packets', terms);
  expect(refused).toMatchObject({ status: 409, body: { errors: [{ field: 'packetId' }] } });
  expect(refused.body.detail).toContain('18446744073709551615');
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
