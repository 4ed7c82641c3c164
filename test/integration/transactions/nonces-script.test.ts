import { spawn } from 'node:child_process';
import type { Keypair } from '@solana/web3.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { packageRoot } from '../../../src/dev/package-root.js';
import { nonceAddress } from '../../../src/transactions/nonces/nonce-address.js';
import { runInProcess } from '../../e2e/run-in-process.js';
import { eventually } from '../../support/eventually.js';
import { openNonceBench, type NonceBench } from './nonce-bench.js';

let bench: NonceBench;
beforeAll(async () => {
  bench = await openNonceBench();
});
afterAll(async () => {
  await bench.close();
});

const SCRIPT = 'scripts/nonces.ts';
const RENT = 1_447_680;
/** Two rounds of transactions, of which the kill interrupts the first. */
const COUNT = 36;
const says = (text: string): string => expect.stringContaining(text) as string;

/** Runs `npm run nonces -- … --json` as a signer. */
async function nonces(signer: Keypair, ...args: string[]) {
  const end = await runInProcess(SCRIPT, [...args, '--json'], bench.environment(signer));
  return { ...end, json: JSON.parse(end.lastLine) as Record<string, unknown> };
}

it('npm run nonces: killed while it makes them it goes on and pays once; lists, repairs, withdraws (004-2.1, 004-2.2)', async () => {
  const signer = await bench.signer();
  const authority = signer.publicKey.toBase58();
  const { store } = await bench.work(signer);
  const args = [...nodeArguments('../../../scripts/nonces', import.meta.url), 'create', '--count', String(COUNT)];
  const env = { PATH: process.env['PATH'], ...bench.environment(signer) };
  const child = spawn(process.execPath, args, { cwd: packageRoot(), env, stdio: 'ignore' });
  const exited = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  const funded = await bench.balance(signer);
  await eventually(async () => (await bench.balance(signer)) < funded, { timeoutMs: 30_000, everyMs: 5 });
  child.kill('SIGKILL');
  expect(await exited).toBe('SIGKILL');
  expect((await store.counts(authority)).available).toBe(0);

  const grown = await nonces(signer, 'create', '--count', String(COUNT));
  expect(grown, grown.stderr).toMatchObject({ code: 0, json: { authority, advanced: [], unsettled: [] } });
  expect((grown.json['made'] as unknown[]).length).toBeLessThan(COUNT);
  // Each account once, and fees for fewer transactions than there are accounts.
  const paid = funded - (await bench.balance(signer));
  expect(paid - COUNT * RENT).toBeGreaterThan(0);
  expect(paid - COUNT * RENT).toBeLessThan(COUNT * 5_000);
  expect(await store.counts(authority)).toMatchObject({ available: COUNT, broken: 0 });

  const [first = '', second = ''] = await Promise.all([nonceAddress(authority, 0), nonceAddress(authority, 1)]);
  await bench.tamper(first, { value: 'nonsense' });
  await bench.tamper(second, { state: 'claimed', claimedBy: 'never-was' });
  expect(await nonces(signer, 'list')).toMatchObject({ json: { counts: { available: COUNT - 1, claimed: 1 } } });
  const repaired = await nonces(signer, 'repair');
  expect(repaired, repaired.stderr).toMatchObject({ code: 0, json: { repaired: [{ advanced: [second], left: [] }] } });
  expect(repaired.stdout).toContain(`${first}  corrected`);

  expect((await nonces(signer, 'withdraw', '--dry-run')).json['wouldClose']).toHaveLength(COUNT);
  const withdrawn = await nonces(signer, 'withdraw');
  expect(withdrawn, withdrawn.stderr).toMatchObject({ code: 0, json: { withdrawn: [{ left: [], unsettled: [] }] } });
  expect(funded - (await bench.balance(signer))).toBeLessThan(COUNT * 10_000);
  expect(await store.list(authority)).toEqual([]);
});

it('says what is missing: a signer, the right one (004-2.1)', async () => {
  const [signer, other] = await Promise.all([bench.signer(), bench.signer()]);
  const nobody = { ...bench.environment(signer), SIGNER_SECRET_KEYS: '' };
  const create = ['create', '--count', '1'];
  expect(await runInProcess(SCRIPT, create, nobody)).toMatchObject({
    ...{ code: 2, stderr: says('set SIGNER_KEYPAIRS or SIGNER_SECRET_KEYS') },
  });
  const foreign = [...create, '--authority', other.publicKey.toBase58()];
  expect(await runInProcess(SCRIPT, foreign, bench.environment(signer))).toMatchObject({
    ...{ code: 2, stderr: says('is not among the signers') },
  });
});
