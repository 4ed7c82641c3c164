import { randomUUID } from 'node:crypto';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Keypair, LAMPORTS_PER_SOL } from '@solana/web3.js';
import bs58 from 'bs58';
import { mongo } from 'mongoose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { startChild, startWorkerChild, type WorkerChild } from '../../scripts/drill/worker-child.js';
import { jobRuns, newRun } from '../../src/delivery/jobs/job-run.js';
import { CouponsClient } from '../../src/dev/coupons-client.js';
import { findFreePorts } from '../../src/dev/free-port.js';
import { createTestChain, type TestChain } from '../support/test-chain.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { eventually } from '../support/eventually.js';
import { runScript } from './run-script.js';

/** A process that loads everything: seconds, on a busy machine many. */
const START_TIMEOUT_MS = 300_000;
vi.setConfig({ testTimeout: 240_000 });
const LEASE_TERM_MS = 2_000;
/** Beyond the term: a candidate looks five times a term, and on a busy machine its first batch takes a while. */
const TAKEOVER_SLACK_MS = 15_000;
const NOBODY_ANSWERS = 'mongodb://127.0.0.1:9/?directConnection=true';
const OWN_REGISTRY = new URL('../../src/domains/registry.js', import.meta.url).href;
const GREET = {
  id: 'greet',
  version: '1',
  timeoutMs: 1_000,
  attempts: 1,
  backoff: { firstMs: 1, maxMs: 1, jitter: 0 },
};
const NO_CHAIN = 'http://127.0.0.1:9';

let chain: TestChain;
let database: TestDatabase;
let client: mongo.MongoClient;
let db: mongo.Db;
let environment: Record<string, string>;
let children: WorkerChild[];

beforeAll(async () => {
  chain = await createTestChain({ slotTimeMs: 100 });
});
afterAll(() => chain.stop());

beforeEach(async () => {
  children = [];
  database = await createTestDatabase();
  client = await new mongo.MongoClient(database.uri).connect();
  db = client.db(database.name);
  environment = {
    SOLANA_RPC_URL: chain.rpcUrl,
    SOLANA_WS_URL: chain.wsUrl,
    MONGODB_URI: database.uri,
    MONGODB_DATABASE: database.name,
    LEASE_TERM_MS: String(LEASE_TERM_MS),
    SWEEP_INTERVAL_MS: '1000',
    PROGRAMS: 'coupons',
    PORT: '0',
  };
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.ended));
  await client.close();
  await database.drop();
});

function start(name: 'api' | 'event-listener.worker', more: Record<string, string> = {}): WorkerChild {
  const child = startWorkerChild(name, { ...environment, ...more });
  children.push(child);
  return child;
}

/** Waits until a worker has written this; fails at once with what it said when it has ended. */
async function said(child: WorkerChild, text: string): Promise<void> {
  let end: unknown;
  void child.ended.then((how) => (end = how));
  await eventually(
    () => {
      if (child.output().includes(text)) return true;
      if (end !== undefined) return child.output();
      throw new Error(`"${text}" is not in: ${child.output().slice(-1_000)}`);
    },
    { timeoutMs: START_TIMEOUT_MS },
  );
  expect(child.output()).toContain(text);
}

async function startWorker(more?: Record<string, string>): Promise<WorkerChild> {
  const worker = start('event-listener.worker', more);
  await said(worker, '"listening"');
  return worker;
}

async function startApi(more?: Record<string, string>): Promise<{ api: WorkerChild; url: string }> {
  const port = await findFreePorts();
  const api = start('api', { PORT: String(port), ...more });
  await said(api, 'api listening');
  return { api, url: `http://127.0.0.1:${port}` };
}

/** The pid of the process that holds the program's lease, null for none. */
async function holderPid(): Promise<number | null> {
  const lease = await db.collection<{ _id: string; holder: string }>('leases').findOne({ _id: 'program:coupons' });
  return lease?.holder ? Number(lease.holder.split(':')[1]) : null;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an event worker', () => {
  it('gives its lease up and exits with 0 on SIGTERM', async () => {
    const worker = await startWorker();
    await eventually(async () => (await holderPid()) === worker.pid);
    worker.kill('SIGTERM');
    expect(await worker.ended).toBe(0);
    expect(await holderPid()).toBeNull();
    expect(worker.output()).toContain('stopping: finishing what is under way');
    expect(worker.output().trimEnd()).toMatch(/"msg":"stopped"}$/);
  });

  it('beside another one stands by, and takes over within the term after kill -9', async () => {
    const workers = [await startWorker(), await startWorker()] as const;
    const first = await eventually(async () => (await holderPid()) ?? undefined);
    const [holder, standby] = first === workers[0].pid ? workers : [workers[1], workers[0]];
    await said(standby, 'standing by');
    expect(standby.output()).toMatch(new RegExp(`"holder":"[^"]+:${holder.pid}:\\w+"[^}]*standing by`));
    const [merchant] = (await chain.fundedKeypairs(1)) as [Keypair];
    const coupons = new CouponsClient(chain.rpcUrl, chain.wsUrl);
    await coupons.registerMerchant(merchant, 'Before');
    const address = coupons.at.merchant(merchant.publicKey).toBase58();
    const merchants = db.collection<{ _id: string }>('merchants');
    await eventually(async () => (await merchants.findOne({ _id: address })) ?? undefined);
    // Nothing of the holder's may be under way: a transaction it dies in stays open on the server for up to 60 s.
    const unfinal = { commitment: 'confirmed' };
    await eventually(async () => (await db.collection('ledger_events').countDocuments(unfinal)) === 0);

    holder.kill('SIGKILL');
    expect(await holder.ended).toBe('SIGKILL');
    const killedAt = performance.now();
    await coupons.createPromotion(merchant);
    const promotion = coupons.at.promotion(coupons.at.merchant(merchant.publicKey), 1n).toBase58();
    await eventually(
      async () => (await db.collection<{ _id: string }>('promotions').findOne({ _id: promotion })) ?? undefined,
      { timeoutMs: LEASE_TERM_MS + TAKEOVER_SLACK_MS },
    );
    expect(performance.now() - killedAt).toBeLessThan(LEASE_TERM_MS + TAKEOVER_SLACK_MS);
    expect(await holderPid()).toBe(standby.pid);

    const audit = await runScript('audit', ['--json'], environment);
    expect(audit.stdout).toContain('all equal');
    expect(audit.code).toBe(0);
  });
});

/** The line it prints to audit it is one that can be copied into a shell. */
async function expectAuditable(dev: WorkerChild): Promise<void> {
  const line = /audit +(\S.*npm run audit)/.exec(dev.output())?.[1];
  const audit = startChild('sh', ['-c', line ?? 'false'], { MONGODB_URI: environment['MONGODB_URI'] as string });
  children.push(audit);
  expect(await audit.ended, audit.output()).toBe(0);
  expect(audit.output()).toContain('all equal');
  expect(line).toContain(`SOLANA_WS_URL=${chain.wsUrl}`);
}

/** What it printed of the API at each start. */
function apiRows(dev: WorkerChild): string[] {
  return [...dev.output().matchAll(/^ {2}API +(\S+)$/gm)].map(([, url]) => url ?? '');
}

/** A change of a file starts it anew where it was. */
async function expectSamePlaceAfter(change: () => Promise<void>, dev: WorkerChild): Promise<void> {
  await change();
  await eventually(() => apiRows(dev).length > 1, { timeoutMs: START_TIMEOUT_MS });
  expect(new Set(apiRows(dev)).size).toBe(1);
}

/** The jobs of the domains' file are run (002-5). */
async function expectJobRun(): Promise<void> {
  const _id = `run_${randomUUID()}`;
  const run = {
    job: GREET.id,
    version: GREET.version,
    record: 'evt_1',
    dispatcher: 'disp_1',
    delivery: 'evt_1/disp_1',
  };
  await jobRuns(db).insertOne(newRun({ id: _id, environment: 'env_a', ...run }, new Date()));
  // Its record is not there, and only who has the job can say so.
  await eventually(async () => (await jobRuns(db).findOne({ _id }))?.state === 'failed', {
    timeoutMs: START_TIMEOUT_MS,
  });
}

describe('a signal to npm reaches the process it started', () => {
  it.each(['worker', 'dev'])('npm run %s: SIGTERM ends it gracefully, and leaves nothing running', async (script) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'mooring-npm-'));
    const domains = join(dataDir, 'domains.mjs');
    await writeFile(
      domains,
      `import { ownDomains } from '${OWN_REGISTRY}';\nexport const domains = ownDomains({ redPacketsCrown: 'always', stakeVaultAddress: null });\n` +
        `export const jobs = [{ ...${JSON.stringify(GREET)}, run: async () => {} }];\n`,
    );
    const npm = startChild('npm', ['run', script], { ...environment, DATA_DIR: dataDir, MOORING_DOMAINS: domains });
    children.push(npm);
    const running = async () => (await holderPid()) ?? undefined;
    let pid = await eventually(running, { timeoutMs: START_TIMEOUT_MS });
    try {
      // The lease comes before everything else: a process in the middle of its start has other ways to end.
      await said(npm, script === 'dev' ? '/health/ready' : '"listening"');
      await expectJobRun();
      if (script === 'dev') {
        await expectAuditable(npm);
        const change = () => appendFile(domains, '// changed\n');
        await expectSamePlaceAfter(change, npm);
        pid = await eventually(running, { timeoutMs: START_TIMEOUT_MS });
      }
      npm.kill('SIGTERM');
      await eventually(() => !isAlive(pid), { timeoutMs: START_TIMEOUT_MS });
      await npm.ended;
      expect(npm.output()).toMatch(script === 'dev' ? /^Stopped\.$/m : /"msg":"stopped"/);
      expect(await holderPid()).toBeNull();
    } finally {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL');
      await rm(dataDir, { recursive: true, force: true });
    }
  });
});

describe('the API in one process, the worker in another', () => {
  it('answers a write when its document is readable; ready follows the worker; both drain', async () => {
    const signer = Keypair.generate();
    await chain.fund(signer.publicKey, LAMPORTS_PER_SOL);
    const worker = await startWorker();
    const { api, url } = await startApi({ SIGNER_SECRET_KEYS: bs58.encode(signer.secretKey) });
    const key = await runScript('api-key', ['--json', 'create', '--name', 'e2e'], environment);
    const { token } = JSON.parse(key.lastLine) as { token: string };
    const readiness = async () => (await fetch(`${url}/health/ready`)).status;
    await eventually(async () => (await readiness()) === 200);

    const answer = await fetch(`${url}/api/merchants`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'Two Processes', category: 'e2e' }),
    });
    expect(answer.status).toBe(201);
    const { address } = (await answer.json()) as { address: string };
    const stored = await db.collection<{ _id: string }>('merchants').findOne({ _id: address });
    expect(stored).toMatchObject({ name: 'Two Processes', authority: signer.publicKey.toBase58() });
    const read = await fetch(`${url}${answer.headers.get('location')}`);
    expect(await read.json()).toMatchObject({ name: 'Two Processes' });

    worker.kill('SIGKILL');
    await worker.ended;
    await eventually(async () => (await readiness()) === 503, { timeoutMs: 60_000 });
    await startWorker();
    await eventually(async () => (await readiness()) === 200, { timeoutMs: 60_000 });

    api.kill('SIGTERM');
    expect(await api.ended).toBe(0);
  });
});

describe('a process that cannot start exits with 1 and one line that says what to do', () => {
  const cannotStart = async (
    name: 'api' | 'event-listener.worker',
    more: Record<string, string>,
    advice: RegExp,
  ): Promise<void> => {
    const child = start(name, { LOG_LEVEL: 'fatal', ...more });
    expect(await child.ended).toBe(1);
    const lines = child.output().trimEnd().split('\n');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^mooring cannot start: /);
    expect(lines[0]).toMatch(advice);
  };

  const neitherStarts = (more: Record<string, string>, advice: RegExp) =>
    Promise.all((['api', 'event-listener.worker'] as const).map((name) => cannotStart(name, more, advice)));

  it('no endpoints', async () => {
    await neitherStarts({ SOLANA_RPC_URL: '', MONGODB_URI: '' }, /SOLANA_RPC_URL and MONGODB_URI not set.*\.env/);
  });

  it('a database of another chain', async () => {
    const identity = db.collection<{ _id: string; genesisHash: string }>('frontiers');
    await identity.insertOne({ _id: 'chain', genesisHash: 'another' });
    await neitherStarts({}, /filled from the chain with genesis another.*MONGODB_DATABASE/);
  });

  it('a database that does not answer', async () => {
    await cannotStart('event-listener.worker', { MONGODB_URI: NOBODY_ANSWERS }, /Check MONGODB_URI/);
  });

  it('a chain that does not answer', async () => {
    await neitherStarts({ SOLANA_RPC_URL: NO_CHAIN }, /The chain cannot be asked.*Check SOLANA_RPC_URL/);
  });

  it('a signer that is no key', async () => {
    await cannotStart('api', { SIGNER_KEYPAIRS: 'package.json' }, /Cannot use the key file package.json as a signer/);
  });

  it('a port that is taken', async () => {
    const { url } = await startApi();
    await cannotStart('api', { PORT: new URL(url).port }, /Port \d+ of 127\.0\.0\.1 is taken/);
  });
});
