import { writeSync } from 'node:fs';
import { mongo } from 'mongoose';
import { coupons } from '../../../src/domains/coupons/module.js';
import { keepLease } from '../../../src/leases/lease-keeper.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Projector } from '../../../src/pipeline/projector.js';

/**
 * A process that holds the lease, applies what waits in the ledger and sends itself a signal inside its first projecting
 * transaction: `stopping-process.ts <uri> <database> <term ms> <signal> <touch|commit>`. Before it touches the lease, or
 * before it commits. Should it ever go on, it ends when its work does. It prints a line for each thing that happens.
 */
const [uri = '', name = '', termMs = '', signal = '', place = ''] = process.argv.slice(2);
const say = (line: string) => void writeSync(1, `${line}\n`);
const client = await new mongo.MongoClient(uri, { monitorCommands: true }).connect();
let isStopped = false;
client.on('commandStarted', ({ commandName, command }) => {
  if (isStopped || command.autocommit !== false) return;
  if (place === 'commit' ? commandName !== 'commitTransaction' : command.update !== 'leases') return;
  isStopped = true;
  say('stopped');
  process.kill(process.pid, signal);
});
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: (_: object, line: string) => say(line) };
const stop = new AbortController();
await keepLease(
  { db: client.db(name), clock, log, holder: 'the one that stops', termMs: Number(termMs) },
  'program:coupons',
  stop.signal,
  async (work, lost) => {
    const dependencies = {
      ...{ db: client.db(name), clock, random: () => 0, log, batchSize: 500 },
      ...{ onApplied: () => say('applied'), onFailed: () => say('failed') },
      retry: { attempts: 3, backoff: { firstMs: 0, maxMs: 0, jitter: 0 } },
    };
    try {
      await new Projector(dependencies, coupons, work).run(lost);
    } finally {
      say('lost');
      stop.abort();
    }
  },
);
await client.close();
