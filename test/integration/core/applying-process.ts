import { mongo } from 'mongoose';
import { coupons } from '../../../src/domains/coupons/module.js';
import { tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { Projector } from '../../../src/pipeline/projector.js';
import { couponsCodec, renderTransaction, sweepNotice } from '../../support/coupon-history-render.js';
import { generateHistory } from '../../support/coupon-history.js';

/** A process that stores and applies a history, to be killed: `applying-process.ts <uri> <database> <seed> <length>`. */
const [uri = '', name = '', seed = '', length = ''] = process.argv.slice(2);
const client = await new mongo.MongoClient(uri).connect();
const db = client.db(name);
const { transactions } = generateHistory(Number(seed), Number(length));
const landed = new Map(transactions.map((transaction) => [transaction.signature, transaction]));
const ingest = new Ingest(
  {
    db,
    clock,
    fetchTransaction: (signature) => {
      const transaction = landed.get(signature);
      if (!transaction) throw new Error(`unheard of: ${signature}`);
      return Promise.resolve({ kind: 'found', raw: renderTransaction(transaction) });
    },
    ...{ finalityDelayMs: 0, onInserted: () => {}, onUndecodable: () => {} },
  },
  coupons,
  couponsCodec,
);
const { held } = await tryAcquire(db, clock, 'program:coupons', `process ${process.pid}`, 0, null);
if (!held) throw new Error('a lease of no term can always be taken');
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const projector = new Projector(
  {
    ...{ db, clock, random: () => 0, log, batchSize: 5, onApplied: () => {}, onFailed: () => {} },
    retry: { attempts: 3, backoff: { firstMs: 0, maxMs: 0, jitter: 0 } },
  },
  coupons,
  leaseWork(held),
);
// Backwards, so that much comes late.
const notices = await ingest.unknown(transactions.map(sweepNotice).reverse(), 'finalized');
for (let start = 0; start < notices.length; start += 7) {
  await ingest.take(notices.slice(start, start + 7), 'finalized');
  await projector.pass();
}
while ((await projector.pass()) > 0);
await client.close();
