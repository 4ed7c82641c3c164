import { mongo } from 'mongoose';
import { competeForKeys } from '../../src/leases/lease-competition.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import type { RoutingNodeOptions } from './routing-nodes.js';

const { uri, database, termMs, keys, holder } = JSON.parse(process.argv[2] ?? '{}') as RoutingNodeOptions;
const client = await new mongo.MongoClient(uri).connect();
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: console.error };
competeForKeys({
  ...{ db: client.db(database), clock, log, termMs, keys, holder },
  work: async (_key, _work, lost) => {
    while (!lost.aborted) await clock.sleep(termMs, lost);
  },
});
// Whoever started it is gone, or has no use for it any more.
process.on('disconnect', () => process.exit(0));
