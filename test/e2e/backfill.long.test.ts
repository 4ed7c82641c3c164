import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { packageRoot } from '../../src/dev/package-root.js';
import { readBackfill } from '../../src/ledger/backfill-state.js';
import { toJson } from '../../src/lib/json.js';
import { connectMongo } from '../../src/store/mongo-connection.js';
import { startHistoryProcess, type HistoryProcess } from '../../scripts/bench/history-process.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase } from '../support/test-database.js';
import { openCoreBench } from '../integration/core/core-bench.js';
import { runScript } from './run-script.js';

const EVENTS = 400;
const KILLS = 2;

let chain: HistoryProcess;
beforeAll(async () => {
  chain = await startHistoryProcess({ seed: 7, events: EVENTS, latencyMs: 40, incompletePages: 1 });
});
afterAll(() => chain.stop());

interface Summary {
  readonly outcome: string;
  readonly complete: boolean;
  readonly events: number;
  readonly transactions: number;
  readonly alreadyKnown: number;
  readonly found: number;
  readonly resumed: boolean;
  readonly requests: number;
  readonly eventsPerMinute: number;
}
const environment = ({ uri, name }: { readonly uri: string; readonly name: string }) => ({
  ...{ SOLANA_RPC_URL: chain.url, SOLANA_WS_URL: chain.url.replace('http', 'ws'), MONGODB_URI: uri },
  MONGODB_DATABASE: name,
  PROGRAMS: 'coupons',
  // Whoever goes on after a kill waits as long to see that nobody lives.
  LEASE_TERM_MS: '1000',
});

describe('npm run backfill', () => {
  it('brings the same ledger however often it is killed, and says that it went on (I1, I3)', async () => {
    const [calm, rough] = [await openCoreBench(), await openCoreBench()];
    try {
      const whole = await runScript('backfill', ['--program', 'coupons', '--json'], environment(calm));
      expect(whole.stderr).not.toContain('could not');
      expect(whole.code, whole.stderr).toBe(0);
      const summary = JSON.parse(whole.lastLine) as Summary;
      expect(summary).toMatchObject({ outcome: 'complete', complete: true, resumed: false });
      expect(summary).toMatchObject({ events: chain.events, transactions: chain.transactions });
      expect(summary.requests).toBeGreaterThan(chain.transactions);
      expect(whole.stdout).toContain('no worker runs');

      for (let kill = 1; kill <= KILLS; kill++) {
        await killedAfter(
          environment(rough),
          async () =>
            (await rough.db.collection('ledger_events').estimatedDocumentCount()) > (kill * EVENTS) / (KILLS + 2),
        );
      }
      const ended = await runScript('backfill', ['--program', 'coupons', '--json'], environment(rough));
      expect(ended.code, ended.stderr).toBe(0);
      expect(ended.stderr).toContain('going on with the backfill');
      expect(JSON.parse(ended.lastLine)).toMatchObject({ complete: true, resumed: true });
      expect(await contents(rough)).toEqual(await contents(calm));

      for (const bench of [calm, rough]) await bench.drain(bench.projectorOf(await bench.takeLease()));
      expect(toJson(await rough.documents())).toBe(toJson(await calm.documents()));
      expect(Object.values(await calm.documents()).flatMap((one) => Object.keys(one)).length).toBeGreaterThan(100);
    } finally {
      await Promise.all([calm.close(), rough.close()]);
    }
  }, 600_000);

  it('counts with --dry-run, goes on after Ctrl-C, and refuses what cannot be', async () => {
    const database = await createTestDatabase();
    const env = environment(database);
    try {
      const dry = await runScript('backfill', ['--program', 'coupons', '--dry-run', '--json'], env);
      expect(dry.code, dry.stderr).toBe(0);
      expect(JSON.parse(dry.lastLine)).toMatchObject({ outcome: 'counted', found: chain.transactions, events: 0 });

      const mongo = await connectMongo(database.uri, database.name);
      const begun = async () => (await readBackfill(mongo.db, 'coupons')) !== null;
      expect(await killedAfter(env, begun, 'SIGINT').finally(() => mongo.close())).toBe(130);
      const other = await runScript('backfill', ['--program', 'coupons', '--genesis'], env);
      expect(other.code).toBe(2);
      expect(other.stdout).toContain('has not ended');
      const anew = await runScript('backfill', ['--program', 'coupons', '--genesis', '--restart', '--json'], env);
      expect(anew.code, anew.stderr).toBe(0);
      expect(JSON.parse(anew.lastLine)).toMatchObject({ complete: true, resumed: false });

      for (const args of [[], ['--program', 'coupons', '--genesis', '--from-slot', '1']]) {
        const wrong = await runScript('backfill', args, env);
        expect(wrong.code).toBe(2);
        expect(wrong.stderr).toContain('error:');
      }
      const unknown = await runScript('backfill', ['--program', 'coupons', '--from-signature', 'nobody'], env);
      expect(unknown.code).toBe(2);
      expect(unknown.stderr).toContain('nobody');
    } finally {
      await database.drop();
    }
  }, 600_000);

  it('--genesis where the endpoint does not go back that far: says which command does something, and it does', async () => {
    const database = await createTestDatabase();
    const pruned = await startHistoryProcess({ seed: 7, events: 40, firstAvailable: chain.firstSlot });
    const env = { ...environment(database), SOLANA_RPC_URL: pruned.url, SOLANA_WS_URL: '' };
    try {
      const genesis = await runScript('backfill', ['--program', 'coupons', '--genesis', '--json'], env);
      expect(genesis.code, genesis.stderr).toBe(1);
      expect(JSON.parse(genesis.lastLine)).toMatchObject({ outcome: 'history-missing', complete: false });
      const advised = /(--from-slot) (\d+) (--restart)/.exec(genesis.stdout)?.slice(1) ?? [];
      expect(advised).toEqual(['--from-slot', String(chain.firstSlot), '--restart']);
      const advisedEnd = await runScript('backfill', ['--program', 'coupons', '--json', ...advised], env);
      expect(advisedEnd.code, advisedEnd.stderr).toBe(0);
      expect(JSON.parse(advisedEnd.lastLine)).toMatchObject({ complete: true });
    } finally {
      await pruned.stop();
      await database.drop();
    }
  }, 600_000);
});

/** Starts the command in a process of its own, slow enough to be hit, and kills it once the condition holds. Its exit code. */
async function killedAfter(
  env: Readonly<Record<string, string>>,
  condition: () => Promise<boolean>,
  signal: 'SIGKILL' | 'SIGINT' = 'SIGKILL',
): Promise<number | null> {
  const child = spawn(
    process.execPath,
    [...nodeArguments('../../scripts/backfill', import.meta.url), '--program', 'coupons', '--concurrency', '10'],
    {
      cwd: packageRoot(),
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  await eventually(async () => child.exitCode !== null || (await condition()), { timeoutMs: 60_000, everyMs: 5 });
  expect(child.exitCode, stderr).toBeNull();
  child.kill(signal);
  return ended;
}

/** What of a ledger does not depend on when it was written. */
async function contents(bench: Awaited<ReturnType<typeof openCoreBench>>): Promise<string[]> {
  const records = await bench.records();
  return records
    .map(({ _id, slot, place, name, data, touches, state, commitment }) =>
      toJson({ _id, slot, place, name, data, touches, state, commitment }),
    )
    .sort();
}
