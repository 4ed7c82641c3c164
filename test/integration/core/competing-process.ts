import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { mongo } from 'mongoose';
import { competeForKeys } from '../../../src/leases/lease-competition.js';
import { inLeaseTransaction } from '../../../src/leases/lease-transaction.js';
import { StaleFenceError, touchLease } from '../../../src/leases/lease.js';
import { systemClock as clock } from '../../../src/lib/clock.js';

/**
 * A process that competes for keys and writes under each lease it holds, numbered by key, from a first line on its input
 * until it gets SIGTERM: `competing-process.ts <uri> <database> <term ms> <holder> <keys, by comma>`. It prints what it was
 * refused.
 */
const [uri = '', name = '', termMs = '', holder = '', keys = ''] = process.argv.slice(2);
const WRITE_EVERY_MS = 2_000;

const client = await new mongo.MongoClient(uri).connect();
const db = client.db(name);
const counters = db.collection<{ _id: string; number: number }>('counters');
await once(process.stdin, 'data');
process.stdin.destroy();
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };
const competition = competeForKeys({
  ...{ db, clock, log, holder, termMs: Number(termMs), keys: keys.split(',') },
  work: async (key, { lease }, lost) => {
    while (!lost.aborted) {
      try {
        await inLeaseTransaction(db, lease, async (session) => {
          const counter = await counters.findOneAndUpdate(
            { _id: key },
            { $inc: { number: 1 } },
            { session, returnDocument: 'after' },
          );
          const { fence } = lease;
          await db.collection('writes').insertOne({ key, number: counter?.number, fence, holder }, { session });
          await touchLease(db, lease, session);
        });
      } catch (error) {
        if (error instanceof StaleFenceError) writeSync(1, `refused ${key}\n`);
        throw error;
      }
      await clock.sleep(WRITE_EVERY_MS, lost);
    }
  },
});
process.once('SIGTERM', () => {
  void competition.stop().then(() => client.close());
});
