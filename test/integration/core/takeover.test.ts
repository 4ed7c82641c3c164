import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { nodeArguments } from '../../../src/dev/node-arguments.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { release } from '../../../src/leases/lease.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { simpleFold } from '../../support/coupon-history-oracle.js';
import { recordsOf, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';
import { eventually } from '../../support/eventually.js';
import { bySignature, openCoreBench, silent, type CoreBench } from './core-bench.js';

const NAME = `program:${coupons.name}`;
const TERM_MS = 1_000;
/** For a busy machine, and still less than the 60 s after which a server gives up on an open transaction by itself. */
const MARGIN_MS = 40_000;

let bench: CoreBench;
let stop: AbortController;
beforeEach(async () => {
  bench = await openCoreBench();
  stop = new AbortController();
});
afterEach(async () => {
  stop.abort();
  await bench.close();
});

const history = generateHistory(11, 40);
const records = history.transactions.flatMap((transaction) => [...recordsOf(transaction)]);

async function everything(): Promise<unknown> {
  const ledger = await bench.db.collection('ledger_events').find().sort({ _id: 1 }).toArray();
  return [await bench.documents(), ledger];
}

it.each([
  ['SIGKILL', 'touch'],
  ['SIGKILL', 'commit'],
  ['SIGSTOP', 'touch'],
  ['SIGSTOP', 'commit'],
] as const)(
  'has the documents a term after its holder got %s before the %s of its transaction, whose rest changes nothing (I8, I2)',
  async (signal, place) => {
    const ingest = bench.ingestOf(bySignature(history.transactions));
    await ingest.take(history.transactions.map(sweepNotice), 'finalized');
    const script = nodeArguments('./stopping-process', import.meta.url);
    const child = spawn(process.execPath, [...script, bench.uri, bench.name, String(TERM_MS), signal, place], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const ended = once(child, 'exit');
    try {
      await eventually(() => lines.includes('stopped'), { timeoutMs: 60_000 });
      const keeping = keepLease(
        { db: bench.db, clock, log: silent, holder: 'successor', termMs: TERM_MS },
        NAME,
        stop.signal,
        (work, lost) => bench.projectorOf(work).run(lost),
      );
      const applied = () => bench.db.collection('ledger_events').countDocuments({ state: 'applied' });
      await eventually(async () => (await applied()) === records.length, { timeoutMs: TERM_MS + MARGIN_MS });
      expect(await bench.documents()).toEqual(simpleFold(records));

      if (signal === 'SIGSTOP') {
        const before = await everything();
        child.kill('SIGCONT');
        expect(await ended).toEqual([0, null]);
        expect(lines).toEqual(['stopped', 'lost']);
        expect(await everything()).toEqual(before);
      }
      expect(await bench.db.collection('leases').findOne({ _id: NAME as never })).toMatchObject({
        holder: 'successor',
      });
      stop.abort();
      await keeping;
    } finally {
      child.kill('SIGKILL');
      await ended;
    }
  },
);

/** The database of a user who may not end sessions. */
function unprivileged(asked: unknown[]): CoreBench['db'] {
  const command = (question: unknown) => {
    asked.push(question);
    return Promise.reject(new Error('not authorized'));
  };
  return new Proxy(bench.db, {
    get: (target, property) => {
      if (property === 'admin') return () => ({ command });
      const member = Reflect.get(target, property, target) as unknown;
      return typeof member === 'function' ? (member as (...args: unknown[]) => unknown).bind(target) : member;
    },
  });
}

it('goes over all the same where the session of the dead holder may not be ended, and says so (I8)', async () => {
  const { lease } = await bench.takeLease('dead');
  const warnings: object[] = [];
  const asked: unknown[] = [];
  const log = { ...silent, warn: (fields: object) => warnings.push(fields) };
  const taken = new Promise<number>((resolve) => {
    const options = { db: unprivileged(asked), clock, log, holder: 'successor', termMs: 200 };
    void keepLease(options, NAME, stop.signal, async (work) => resolve(work.lease.fence));
  });
  expect(await taken).toBe(lease.fence + 1);
  expect(asked).toEqual([{ killSessions: [lease.session.id] }]);
  expect(warnings).toEqual([{ lease: NAME, error: 'not authorized' }]);
});

it('ends no session of a holder that gave the lease up: the process may use it for something else by now', async () => {
  const { lease } = await bench.takeLease('first');
  await release(bench.db, lease);
  const asked: unknown[] = [];
  const taken = new Promise<number>((resolve) => {
    const options = { db: unprivileged(asked), clock, log: silent, holder: 'second', termMs: 60_000 };
    void keepLease(options, NAME, stop.signal, async (work) => resolve(work.lease.fence));
  });
  expect(await taken).toBe(lease.fence + 1);
  expect(asked).toEqual([]);
});
