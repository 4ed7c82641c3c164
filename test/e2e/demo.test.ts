import { randomBytes } from 'node:crypto';
import { Connection, PublicKey } from '@solana/web3.js';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import couponsIdl from '../../idl/coupons.json' with { type: 'json' };
import redPackets from '../../idl/red-packets.json' with { type: 'json' };
import stakeVault from '../../idl/stake-vault.json' with { type: 'json' };
import type { DemoSummary } from '../../scripts/demo/play.js';
import { startChain } from '../../src/dev/embedded-chain.js';
import type { DevChain } from '../../src/dev/dev-chain.js';
import { readFrontier } from '../../src/ledger/frontier.js';
import type { AuditReport } from '../../src/reconcile/audit-report.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { runScript, type ScriptEnd } from './run-script.js';

const DEMO_TIMEOUT_MS = 600_000;
const EVENT_NAMES = [couponsIdl, redPackets, stakeVault].flatMap(({ events }) => events.map(({ name }) => name)).sort();

describe('npm run demo -- --exit --json', () => {
  let chain: DevChain;
  let database: TestDatabase;
  let client: mongo.MongoClient;
  let environment: Record<string, string>;
  let demo: ScriptEnd;

  // The chain and the database are the test's, so that both are still there when the demo has ended.
  beforeAll(async () => {
    chain = await startChain({ slotTimeMs: 150 });
    database = await createTestDatabase();
    client = await new mongo.MongoClient(database.uri).connect();
    environment = {
      SOLANA_RPC_URL: chain.rpcUrls.join(','),
      SOLANA_WS_URL: chain.wsUrls.join(','),
      MONGODB_URI: inject('mongodbUri'),
      MONGODB_DATABASE: database.name,
      PORT: '0',
    };
    demo = await runScript('demo', ['--exit', '--json'], environment);
  }, DEMO_TIMEOUT_MS);
  afterAll(async () => {
    await client.close();
    await database.drop();
    await chain.stop();
  });

  it('ends with 0 and one JSON object of the agreed shape as its last line', () => {
    expect(demo.stderr).toBe('');
    expect(demo.code).toBe(0);
    const summary = JSON.parse(demo.lastLine) as DemoSummary;
    expect(Object.keys(summary)).toEqual(['events', 'byName', 'audit', 'latencyMs', 'wallMs']);
    const { events, byName, audit, latencyMs, wallMs } = summary;
    expect(events.ingested).toBeGreaterThanOrEqual(300);
    expect(events).toEqual({
      ingested: events.ingested,
      applied: events.ingested,
      finalized: events.ingested,
      orphaned: 0,
      dead: 0,
    });
    expect(Object.keys(byName)).toEqual(EVENT_NAMES);
    expect(Object.values(byName).reduce((sum, n) => sum + n, 0)).toBe(events.ingested);
    expect(audit).toEqual({ documents: expect.any(Number) as number, drift: 0, missing: 0, orphaned: 0 });
    expect(audit.documents).toBeGreaterThan(50);
    expect(latencyMs.p50).toBeGreaterThan(0);
    expect(latencyMs.p99).toBeGreaterThanOrEqual(latencyMs.p50 ?? Infinity);
    expect(wallMs).toBeGreaterThan(0);
  });

  it('tells the story in plain lines where there is no terminal', () => {
    expect(demo.stdout).toMatch(/(\d+) events happened while it was down; all \1 arrived/);
    expect(demo.stdout).toMatch(/all \d+ events are final/);
    expect(demo.stdout).toContain("all equal to the chain's accounts and to the ledger");
    // eslint-disable-next-line no-control-regex -- no colour, nothing redrawn
    expect(demo.stdout).not.toMatch(/[\u001b\r]/);
  });

  it('leaves documents whose damage the audit names: one changed, one deleted, one invented', async () => {
    const db = client.db(database.name);
    const coupons = db.collection<{ _id: string } & mongo.Document>('coupons');
    const [changed, deleted] = await coupons.find({ status: 'active' }).sort({ _id: 1 }).limit(2).toArray();
    const { _id: inventedFrom, ...sale } = (await db.collection('sales').findOne({})) ?? {};
    if (!changed || !deleted || !inventedFrom) throw new Error('the demo left too few documents');
    const invented = `${'1'.repeat(80)}${randomBytes(2).toString('hex')}/cpi/0`;
    await coupons.updateOne({ _id: changed._id }, { $set: { owner: couponsIdl.address } });
    await coupons.deleteOne({ _id: deleted._id });
    await db.collection<{ _id: string } & mongo.Document>('sales').insertOne({ _id: invented, ...sale });

    const end = await runScript('audit', ['--json'], environment);
    expect(end.code).toBe(1);
    const report = JSON.parse(end.lastLine) as AuditReport;
    expect(report).toMatchObject({ drift: 1, missing: 1, orphaned: 1 });
    const named = report.differences.map(({ kind, collection, key }) => ({ kind, collection, key }));
    expect(named).toHaveLength(3);
    expect(named).toEqual(
      expect.arrayContaining([
        { kind: 'drift', collection: 'coupons', key: changed._id },
        { kind: 'missing', collection: 'coupons', key: deleted._id },
        { kind: 'orphaned', collection: 'sales', key: invented },
      ]),
    );
    const drift = report.differences.find(({ kind }) => kind === 'drift');
    expect(drift?.fields).toMatchObject([{ field: 'owner', actual: couponsIdl.address }]);
    expect(end.stdout).toContain(`coupons/${changed._id}`);
  });

  it('leaves a ledger whose gap the audit (I6) does not blame on the documents, nor on the chain', async () => {
    const db = client.db(database.name);
    const coupons = db.collection<{ _id: string } & mongo.Document>('coupons');
    const audited = await coupons.find({ status: 'active', owner: { $ne: couponsIdl.address } }).toArray();
    // What is beyond the frontier may still be on its way, and an audit after the worker's end calls it unsettled.
    const frontier = (await readFrontier(db, 'coupons'))?.slot ?? -1;
    const connection = new Connection(chain.rpcUrls[0] ?? '', 'confirmed');
    const settled: string[] = [];
    for (const { _id: key } of audited) {
      const [last] = await connection.getSignaturesForAddress(new PublicKey(key), { limit: 1 });
      if (last && last.slot <= frontier) settled.push(key);
    }
    const [right, changed] = settled;
    if (right === undefined || changed === undefined) throw new Error('the demo left too few coupons');
    await db
      .collection('ledger_events')
      .deleteMany({ touches: { $in: [right, changed].map((key) => `coupons:${key}`) } });
    await coupons.updateOne({ _id: changed }, { $set: { owner: couponsIdl.address } });

    const end = await runScript('audit', ['--json'], environment);
    expect(end.code).toBe(1);
    const { differences, unsettled } = JSON.parse(end.lastLine) as AuditReport;
    expect(unsettled).toEqual([]);
    const of = (key: string) => differences.find((one) => one.collection === 'coupons' && one.key === key);
    expect(of(right)).toMatchObject({ kind: 'unrecorded', ledger: 'has-it-not' });
    expect(of(changed)).toMatchObject({ kind: 'drift', witnesses: ['chain'], ledger: 'has-it-not' });
    expect(of(changed)?.fields).toMatchObject([{ field: 'owner', actual: couponsIdl.address }]);
    expect(end.stdout).toContain(`unrecorded coupons/${right} is what the chain says`);
    expect(end.stdout).toMatch(/^next: /m);
  });
});

describe('npm run demo with wrong arguments', () => {
  it.each([
    { args: ['--events', '19'], says: 'It must be a whole number from 20 to 100000.' },
    { args: ['--events', '1e3'], says: 'It must be a whole number from 20 to 100000.' },
    { args: ['--evnets', '40'], says: "unknown option '--evnets'" },
    { args: ['--chain', 'mainnet'], says: 'Allowed choices are surfnet, validator.' },
    { args: ['now'], says: 'too many arguments' },
  ])('$args: says so, and where its help is, and ends with 2', async ({ args, says }) => {
    const end = await runScript('demo', args);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(says);
    expect(end.stderr).toContain('See: npm run demo -- --help');
  });

  it('--help documents the exit codes', async () => {
    const end = await runScript('demo', ['--help']);
    expect(end.code).toBe(0);
    expect(end.stdout).toContain('Exit code: 0 when the audit is clean');
  });
});
