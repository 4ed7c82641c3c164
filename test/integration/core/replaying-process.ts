import { mongo } from 'mongoose';
import { tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork } from '../../../src/leases/lease-work.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { couponsV2 } from '../../support/coupon-module-v2.js';
import { replayerOf } from './replay-bench.js';

/** A process that works on the replay that was asked for, to be killed: `replaying-process.ts <uri> <database>`. */
const [uri = '', name = ''] = process.argv.slice(2);
const client = await new mongo.MongoClient(uri).connect();
const db = client.db(name);
const { held } = await tryAcquire(db, clock, 'program:coupons', `process ${process.pid}`, 0, null);
if (!held) throw new Error('a lease of no term can always be taken');
await replayerOf(db, couponsV2, leaseWork(held), 3).run(new AbortController().signal);
await client.close();
