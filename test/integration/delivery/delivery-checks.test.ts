import { expect, it } from 'vitest';
import { deliveryChecks } from '../../../src/app/doctor/delivery-checks.js';
import type { Visit } from '../../../src/app/doctor/visit.js';
import { deliveries } from '../../../src/delivery/desk/delivery-store.js';
import { newDelivery } from '../../../src/delivery/desk/new-delivery.js';
import { jobRuns, newRun } from '../../../src/delivery/jobs/job-run.js';
import { systemClock } from '../../../src/lib/clock.js';
import { openDeskBench } from './desk-bench.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

it.each([-HOUR, HOUR])('the doctor goes by the clock of the database: its own is off by %d ms', async (off) => {
  const bench = await openDeskBench();
  try {
    const { db, client } = bench;
    const [record, dispatcher] = [await bench.record({ state: 'delivered' }), await bench.dispatcher()];
    const late = newDelivery(record, dispatcher, new Date(Date.now() - 5 * MINUTE));
    const later = { ...late, _id: `${late._id}.later`, dueAt: new Date(Date.now() + 5 * MINUTE) };
    await deliveries(db).insertMany([late, later]);
    const order = { environment: 'env_a', job: 'greet', version: '1', dispatcher: dispatcher._id };
    const run = { id: 'run_a', record: record._id, delivery: late._id, ...order };
    await jobRuns(db).insertOne(newRun(run, new Date(Date.now() - 5 * MINUTE)));
    const visit = {
      config: { mongodbUri: 'mongodb://it', leaseTermMs: 50 },
      machine: { clock: { ...systemClock, now: () => Date.now() + off } },
      database: () => Promise.resolve({ db, client }),
    };
    const said = async (id: string) =>
      deliveryChecks(visit as unknown as Visit)
        .find((check) => check.id === id)
        ?.look();
    expect(await said('deliveries.alive')).toMatchObject({ found: 'no process delivers, and 1 delivery is due' });
    expect(await said('deliveries.owed')).toMatchObject({ found: '1 delivery is due, the oldest for 5 min' });
    expect(await said('deliveries.jobs')).toMatchObject({
      found: 'no process has a version that runs wait for: greet@1 has 1 run, due for 5 min',
    });
  } finally {
    await bench.close();
  }
});
