import { deflateSync } from 'node:zlib';
import { Keypair, PublicKey } from '@solana/web3.js';
import bs58 from 'bs58';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import { startAlertWatch, type AlertWatch } from '../../../src/app/alert-watch.js';
import { openVisit } from '../../../src/app/doctor/open-visit.js';
import { thisMachine } from '../../../src/app/machine.js';
import { startDeliveryDesks } from '../../../src/app/delivery-desks.js';
import { defineJob } from '../../../src/delivery/jobs/define-job.js';
import { jobRuns, newRun } from '../../../src/delivery/jobs/job-run.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { DomainModule } from '../../../src/domain-kit/domain-module.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { parkDeadLetters } from '../../../src/ledger/dead-letter.js';
import { systemClock } from '../../../src/lib/clock.js';
import { keyOf } from '../../../src/ops/doctor/check.js';
import type { Finding } from '../../../src/ops/doctor/finding.js';
import { runChecks } from '../../../src/ops/doctor/run-checks.js';
import { runScript } from '../../e2e/run-script.js';
import { eventually } from '../../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';
import type { RunningWorker } from '../core/running-worker.js';
import { openWorkerBench, type WorkerBench } from '../core/worker-bench.js';

let bench: WorkerBench;
let running: RunningWorker;
let alerts: AlertWatch;
let gone: FaultProxy;
let deaf: FaultProxy;
let hung: FaultProxy;
let odd: FaultProxy;
let empty: TestDatabase;
let environment: Readonly<Record<string, string>>;

beforeAll(async () => {
  [bench, empty] = await Promise.all([openWorkerBench(), createTestDatabase()]);
  const upstream = { rpcUrl: bench.chain.rpcUrl, wsUrl: bench.chain.wsUrl };
  const start = () => startFaultProxy(upstream);
  [gone, deaf, hung, odd] = await Promise.all([start(), start(), start(), start()]);
  await gone.stop();
  deaf.dropMessages(1, 1);
  hung.halfOpen();
  odd.onRpc('getHealth', () => ({ error: { code: -32005, message: 'Node is behind by 200 slots' } }));
  odd.onRpc('getGenesisHash', () => ({ result: Keypair.generate().publicKey.toBase58() }));
  odd.onRpc('getFirstAvailableBlock', () => ({ result: 1_000_000_000 }));
  odd.onRpc('getProgramAccounts', () => ({ error: { code: -32601, message: 'Method not found' } }));
  odd.onRpc('getSlot', () => ({ result: 1 }));
  running = await bench.startWorker();
  alerts = startAlertWatch(running.foundation, []);
  const [merchant] = await bench.chain.fundedKeypairs(1);
  await bench.client.registerMerchant(merchant as Keypair, 'Bean There');
  environment = {
    ...{
      SOLANA_RPC_URL: bench.proxy.rpcUrl,
      SOLANA_WS_URL: bench.proxy.wsUrl,
      LEASE_TERM_MS: '2000',
      PROGRAMS: 'coupons',
    },
    ...{ MONGODB_URI: inject('mongodbUri'), MONGODB_DATABASE: running.foundation.config.mongodbDatabase },
  };
});

afterAll(async () => {
  await alerts.stop();
  await Promise.all([bench.close(), deaf.stop(), hung.stop(), odd.stop()]);
  await empty.drop();
});

async function visit(
  changes: Readonly<Record<string, string>> = {},
  modules: readonly DomainModule[] = [coupons],
): Promise<Finding[]> {
  const opened = await openVisit({
    ...{ env: { ...environment, ...changes }, dotEnv: { state: 'absent', names: [] } },
    ...{ machine: thisMachine(), modules: async () => modules },
  });
  const findings = await Promise.all(runChecks(opened.checks, systemClock, opened.clean));
  await opened.close();
  return findings.filter((finding) => finding !== null);
}

/** What is not well, each with what it says. */
async function unwell(...args: Parameters<typeof visit>): Promise<Record<string, string>> {
  const findings = (await visit(...args))
    .filter(({ status }) => status === 'warn' || status === 'fail')
    // That answers take long says how busy this machine is.
    .filter(({ status, id }) => !(status === 'warn' && id === 'chain.answers'));
  return Object.fromEntries(
    findings.map((finding) => [`${finding.status} ${keyOf(finding)}`, `${finding.found} → ${finding.advice}`]),
  );
}

/** Puts an account onto a Surfnet as it is: https://docs.surfpool.run/rpc/cheatcodes */
async function setAccount(address: PublicKey, owner: PublicKey, data: Buffer): Promise<void> {
  const account = { lamports: 1_000_000_000, owner: owner.toBase58(), data: data.toString('hex') };
  const response = await fetch(bench.chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...RPC, method: 'surfnet_setAccount', params: [address.toBase58(), account] }),
  });
  expect(await response.json()).not.toHaveProperty('error');
}

const RPC = { jsonrpc: '2.0', id: 1 };
const says = (text: string): string => expect.stringContaining(text) as string;
const hostOf = (url: string): string => new URL(url).host;

it('finds a system that is well to be well (003-17)', async () => {
  await eventually(
    async () => {
      expect(await unwell()).toEqual({});
      return true;
    },
    { timeoutMs: 60_000, everyMs: 500 },
  );
  const findings = await visit();
  const skipped = findings.filter(({ status }) => status === 'skipped').map(({ id }) => id);
  // The first pass begins within five minutes.
  expect(skipped).toEqual(skipped.filter((id) => id === 'reconcile.last'));
  const found = Object.fromEntries(findings.map((finding) => [finding.id, finding.found]));
  expect(found).toMatchObject({
    'program.deployed': says(idl.address),
    'program.samples': says('one each of 1 type decoded'),
    'chain.socket': says('subscribed to logs and slots'),
    'worker.alive': says(running.foundation.machine.holder),
    'worker.memory': says('MB resident'),
  });
});

describe('says exactly what is broken, and what to do', () => {
  // None of these changes anything for the others.
  it.concurrent('an endpoint is down: the other one is looked at as before', async () => {
    expect(await unwell({ SOLANA_RPC_URL: `${bench.proxy.rpcUrl},${gone.rpcUrl}/secret-key-1` })).toEqual({
      [`fail chain.answers ${hostOf(gone.rpcUrl)}`]: says('ECONNREFUSED'),
    });
  });

  it.concurrent('an endpoint takes questions and never answers', async () => {
    expect(await unwell({ SOLANA_RPC_URL: `${bench.proxy.rpcUrl},${hung.rpcUrl}` })).toEqual({
      [`fail chain.answers ${hostOf(hung.rpcUrl)}`]: says('no answer within 6 s'),
    });
  });

  it.concurrent('an endpoint is behind, of another chain, without history or lists: each is a line', async () => {
    const name = hostOf(odd.rpcUrl);
    const head = (says: Record<string, string>) => Object.keys(says).find((key) => key.endsWith(`chain.head ${name}`));
    const found = await unwell({ SOLANA_RPC_URL: `${bench.proxy.rpcUrl},${odd.rpcUrl}` });
    expect(found).toEqual({
      [`fail chain.health ${name}`]: says('behind by 200 slots'),
      [`fail chain.genesis ${name}`]: says('Name endpoints of one chain only'),
      // How far depends on how long the chain has been running.
      [String(head(found))]: says(`behind ${hostOf(bench.proxy.rpcUrl)}`),
      [`warn chain.history ${name}`]: says('after the frontier of coupons'),
      [`warn chain.accounts ${name}`]: says('npm run audit and reconcile need'),
    });
  });

  it.concurrent('every endpoint is down: the database is looked at as before', async () => {
    expect(await unwell({ SOLANA_RPC_URL: gone.rpcUrl })).toEqual({
      [`fail chain.answers ${hostOf(gone.rpcUrl)}`]: says('SOLANA_RPC_URL'),
    });
  });

  it.concurrent('the socket is refused, or brings nothing', async () => {
    expect(await unwell({ SOLANA_WS_URL: `${gone.wsUrl},${deaf.wsUrl}` })).toEqual({
      [`fail chain.socket ${hostOf(gone.wsUrl)}`]: says('Check SOLANA_WS_URL'),
      [`fail chain.socket ${hostOf(deaf.wsUrl)}`]: says('no slot was heard in 5 s'),
    });
    expect(await unwell({ SOLANA_WS_URL: gone.wsUrl, SOURCE: 'polling' })).toEqual({});
  });

  it.concurrent('the database is down: the chain is looked at as before, and no password is said', async () => {
    const uri = `mongodb://me:hunter2@${hostOf(gone.rpcUrl)}/?directConnection=true`;
    const findings = await visit({ MONGODB_URI: uri });
    expect(findings.filter(({ status }) => status === 'fail').map(keyOf)).toEqual(['database.answers']);
    expect(findings.find(({ id }) => id === 'chain.socket')?.status).toBe('ok');
    expect(findings.find(({ id }) => id === 'worker.frontier')?.found).toContain('"answers" of the database');
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  });

  it.concurrent('a setting is bad: every other one counts', async () => {
    expect(await unwell({ PORT: 'x', SOURCE: 'pigeon', MONGODB_URI: 'mysql://me:hunter2@host' })).toEqual({
      'fail environment.settings': expect.stringMatching(/^(?!.*hunter2).*MONGODB_URI.*PORT.*SOURCE/) as string,
      'fail environment.database': says('Set MONGODB_URI'),
    });
    expect(await unwell({ COUPONS_CONFIRMATIONS: 'abc' })).toEqual({
      'fail environment.settings': says('COUPONS_CONFIRMATIONS must be a whole number'),
    });
    expect(await unwell({ COUPON_CONFIRMATIONS: '3' })).toEqual({
      'warn environment.settings': says('did you mean COUPONS_CONFIRMATIONS?'),
    });
  });

  it.concurrent('the program is elsewhere', async () => {
    const elsewhere = Keypair.generate().publicKey.toBase58();
    expect(await unwell({ COUPONS_PROGRAM_ID: elsewhere })).toEqual({
      'fail program.deployed coupons': says('Check COUPONS_PROGRAM_ID'),
      'warn program.address coupons': says(`followed is ${elsewhere}, the IDL is of ${idl.address}`),
    });
    const noProgram = Keypair.generate();
    await bench.chain.fund(noProgram.publicKey, 1_000_000_000);
    expect(await unwell({ COUPONS_PROGRAM_ID: noProgram.publicKey.toBase58() })).toMatchObject({
      'fail program.deployed coupons': says('not a program'),
    });
  });

  it.concurrent('the module does not fit the IDL, or the IDL the chain', async () => {
    const { CouponSold, ...handlers } = coupons.events;
    const renamed = { ...coupons, events: { ...handlers, CouponSodl: CouponSold! } };
    expect(await unwell({}, [renamed])).toEqual({
      'fail program.handlers coupons': says('no handler for CouponSold; no event for the handler CouponSodl'),
    });
    const types = idl.types.map((one) =>
      one.name === 'Merchant'
        ? { ...one, type: { kind: 'struct', fields: [{ name: 'more', type: { array: ['u8', 9_999] } }] } }
        : one,
    );
    const other = { ...coupons, accounts: {}, program: { ...coupons.program, idl: { ...idl, types } } };
    expect(await unwell({}, [other])).toEqual({
      'fail program.samples coupons': says('program.history'),
      'warn program.models coupons': says('no account handler fills merchants'),
    });
    const invalid = {
      ...coupons,
      program: { ...coupons.program, idl: { ...idl, events: [{ name: 'A', discriminator: [] }] } },
    };
    expect(await unwell({}, [invalid])).toEqual({ 'fail program.idl coupons': says('Correct idl/coupons.json') });
  });

  it.concurrent('the module has a new version (X-6)', async () => {
    expect(await unwell({}, [{ ...coupons, version: 2 }])).toEqual({
      'warn worker.version coupons': says('npm run replay -- --program coupons'),
    });
  });

  it.concurrent('signers cannot be used, or not pay', async () => {
    expect(await unwell({ SIGNER_KEYPAIRS: '/nowhere.json' })).toEqual({
      'fail signers.keys': says('/nowhere.json'),
      'warn signers.api-keys': says('npm run api-key -- create'),
    });
    const poor = Keypair.generate();
    expect(await unwell({ SIGNER_SECRET_KEYS: bs58.encode(poor.secretKey) })).toEqual({
      'warn signers.balances': says(`${poor.publicKey.toBase58()} has 0 SOL`),
      'warn signers.api-keys': says('Nobody can write through the API'),
    });
  });

  it.concurrent('a database nobody used yet is no fault, and stays as it is', async () => {
    const findings = await visit({ MONGODB_DATABASE: empty.name });
    expect(findings.filter(({ status }) => status === 'fail').map(keyOf)).toEqual(['worker.alive coupons']);
    expect(findings.find(({ id }) => id === 'database.indexes')?.found).toContain('the database is empty');
    const db = running.foundation.mongo.client.db(empty.name);
    expect(await db.listCollections().toArray()).toEqual([]);
  });
});

describe('says what is wrong on the chain and in the database', () => {
  it.skipIf(inject('sharedChain') !== null)('the chain has another IDL', async () => {
    const program = new PublicKey(idl.address);
    const [base] = PublicKey.findProgramAddressSync([], program);
    const address = await PublicKey.createWithSeed(base, 'anchor:idl', program);
    const write = async (chainIdl: object) => {
      const deflated = deflateSync(JSON.stringify(chainIdl));
      const length = Buffer.alloc(4);
      length.writeUInt32LE(deflated.length);
      // Anchor makes the account larger than its IDL.
      const data = Buffer.concat([Buffer.alloc(40), length, deflated, Buffer.alloc(64)]);
      await setAccount(address, program, data);
    };
    await write(idl);
    expect((await visit()).find(({ id }) => id === 'program.chain-idl')?.found).toContain('same events');
    const events = idl.events.filter(({ name }) => name !== 'CouponSold');
    await write({ ...idl, events });
    const found = (await visit()).find(({ id }) => id === 'program.chain-idl');
    await write(idl);
    expect(found).toMatchObject({ status: 'warn', found: says('differs in event CouponSold') });
  });

  it('an index is missing', async () => {
    const { db } = running.foundation.mongo;
    await db.collection('coupons').dropIndex('owner_1_status_1');
    expect(await unwell()).toEqual({ 'fail database.indexes': says('coupons (owner, status)') });
    await db.collection('coupons').createIndex({ owner: 1, status: 1 });
  });

  it('it belongs to another chain', async () => {
    const frontiers = running.foundation.mongo.db.collection<{ _id: string }>('frontiers');
    const bound = await frontiers.findOne({ _id: 'chain' });
    await frontiers.updateOne({ _id: 'chain' }, { $set: { genesisHash: 'Elsewhere' } });
    expect(await unwell()).toEqual({ 'fail database.chain': says('genesis Elsewhere, but') });
    await frontiers.replaceOne({ _id: 'chain' }, bound ?? {});
  });

  it('a letter waits for somebody', async () => {
    const { db } = running.foundation.mongo;
    const letter = { program: 'coupons', signature: 'sig', slot: 1, reason: 'short', detail: '', raw: null } as const;
    await parkDeadLetters(db, [{ _id: 'sig/log/0', ...letter, place: null, refresh: [], seenAt: new Date(0) }]);
    expect(await unwell()).toEqual({
      'fail records.dead coupons': says('npm run dead-letters -- list --program coupons'),
    });
    await db.collection<{ _id: string }>('dead_letters').deleteOne({ _id: 'sig/log/0' });
  });

  it('nobody delivers what is due, and nobody has the version of a job', async () => {
    const { db } = running.foundation.mongo;
    const at = new Date(Date.now() - 600_000);
    const due = { _id: 'evt_a/disp_a', desk: 3, state: 'due', dueAt: at };
    await db.collection<{ _id: string }>('deliveries').insertOne(due);
    const order = { environment: 'env_a', record: 'evt_b', dispatcher: 'disp_b', delivery: 'evt_b/disp_b' };
    await jobRuns(db).insertOne(newRun({ id: 'run_a', job: 'greet', version: '2', ...order }, at));
    expect(await unwell()).toEqual({
      'fail deliveries.alive': says('no process delivers, and 1 delivery is due → Start one: npm run delivery-worker'),
      'warn deliveries.owed': says('1 delivery is due, the oldest for 10 min'),
      'warn deliveries.jobs': says('greet@2 has 1 run, due for 10 min'),
    });
    let finish: () => void = () => {};
    const untilThen = new Promise<void>((resolve) => (finish = resolve));
    const desks = startDeliveryDesks(running.foundation, [
      defineJob({ id: 'greet', version: '2', run: () => untilThen }),
    ]);
    try {
      await eventually(async () => {
        expect(await unwell()).toEqual({});
        return true;
      });
      expect((await visit()).find(({ id }) => id === 'deliveries.alive')?.found).toBe('1 process');
    } finally {
      finish();
      await desks.stop();
      await jobRuns(db).deleteMany({});
      await db.collection('deliveries').deleteMany({});
    }
  });

  it('a document refuses to be put right', async () => {
    const repairs = running.foundation.mongo.db.collection<{ _id: string }>('repairs');
    const repair = {
      program: 'coupons',
      kind: 'document',
      collection: 'coupons',
      key: 'A',
      failures: 3,
      error: 'E11000',
    };
    await repairs.insertOne({ _id: 'coupons|document|coupons|A', ...repair });
    expect(await unwell()).toEqual({ 'warn reconcile.repairs coupons': says('coupons/A given up: E11000') });
    await repairs.deleteOne({ _id: 'coupons|document|coupons|A' });
  });

  it('an alert fires, and a channel fails (001-4)', async () => {
    const stored = running.foundation.mongo.db.collection<{ _id: string } & Record<string, unknown>>('alerts');
    const minuteAgo = new Date(Date.now() - 60_000);
    const told = { since: null, at: null, attempts: 3, nextAt: null, error: 'ECONNREFUSED', failingSince: minuteAgo };
    const alert = { kind: 'reconcile-drift', program: 'coupons', message: '2 documents differ', details: {} };
    const times = { since: minuteAgo, updatedAt: minuteAgo };
    await stored.insertOne({
      _id: 'reconcile-drift/coupons',
      state: 'firing',
      ...alert,
      ...times,
      told: { slack: told },
    });
    const channels = { ALERT_SLACK_URL: 'http://127.0.0.1:1/s3cret', ALERT_WEBHOOK_URL: 'http://127.0.0.1:1/' };
    expect(await unwell({ ...channels, ALERT_EMAIL_TO: 'ops@example.com' })).toEqual({
      'warn alerts.firing': expect.stringMatching(
        /reconcile-drift\/coupons for \d+ (s|min) .*reconcile-runs/,
      ) as string,
      'fail alerts.channel slack': expect.stringMatching(/^1 alert not told, for \d+ (s|min): ECONNREFUSED/) as string,
      'fail alerts.channel email': says('Set SMTP_URL'),
    });
    await stored.deleteOne({ _id: 'reconcile-drift/coupons' });
  });

  it('the worker is gone, and records wait: as a person sees it, and nothing is written', async () => {
    await Promise.all([running.worker.stop(), alerts.stop()]);
    const { db } = running.foundation.mongo;
    const leases = db.collection<{ _id: string }>('leases');
    await leases.updateOne({ _id: 'listener:coupons' }, { $set: { updatedAt: new Date(0) } });
    await db
      .collection<{ _id: string }>('ledger_events')
      .insertOne({ _id: 'sig/log/0', ...{ program: 'coupons', state: 'received', slot: 1, seenAt: new Date(0) } });
    const before = await leases.find().sort({ _id: 1 }).toArray();
    const end = await runScript('doctor', ['--json'], environment);
    expect(end.code).toBe(1);
    const { status, counts, checks } = JSON.parse(end.lastLine) as {
      status: string;
      counts: object;
      checks: Finding[];
    };
    expect(status).toBe('fail');
    expect(counts).toMatchObject({ fail: 1, warn: 2 });
    const bad = checks.filter((one) => one.status === 'fail' || one.status === 'warn');
    expect(bad.map(keyOf)).toEqual(['worker.alive coupons', 'records.waiting coupons', 'reconcile.alive']);
    expect(end.stdout).toMatch(/ {2}FAIL {2}coupons {2}alive +gone: .*\n +→ Start one: npm run worker/);
    expect(end.stdout).not.toContain('\u001b');
    expect(await leases.find().sort({ _id: 1 }).toArray()).toEqual(before);
  });
});
