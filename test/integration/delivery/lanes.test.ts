import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeHealth } from '../../../src/delivery/desk/endpoint-health-store.js';
import { Lanes } from '../../../src/delivery/desk/lanes.js';
import { eventDispatchers } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import type { Dispatcher } from '../../../src/delivery/dispatchers/dispatcher.js';
import { systemClock } from '../../../src/lib/clock.js';
import { inTransaction } from '../../../src/store/transactions.js';
import { openDeskBench } from './desk-bench.js';

let bench: Awaited<ReturnType<typeof openDeskBench>>;
let lanes: Lanes;
beforeEach(async () => {
  bench = await openDeskBench();
  const { db } = bench;
  lanes = new Lanes({ db, clock: systemClock, random: () => 0, timing: { mostInFlight: 500, pollMs: 0 } });
});
afterEach(() => bench.close());

const later = { kind: 'answered', status: 429, body: '', durationMs: 1, retryAfterMs: 3_600_000 } as const;

/** Writes down how endpoints are, as a turn of a desk does. */
async function save(): Promise<void> {
  const unsaved = lanes.unsaved();
  await inTransaction(bench.client, (session) => writeHealth(bench.db, session, unsaved));
  lanes.saved(unsaved);
}

async function anotherDesk(dispatcher: Dispatcher): Promise<Lanes> {
  const { db } = bench;
  const made = new Lanes({ db, clock: systemClock, random: () => 0, timing: { mostInFlight: 500, pollMs: 0 } });
  await made.open([dispatcher]);
  return made;
}

describe('what a desk remembers of its dispatchers (002-3)', () => {
  it('a pause holds however many dispatchers there are, forgotten meanwhile or not', async () => {
    const one = await bench.dispatcher();
    const many = Array.from({ length: 2_001 }, (_, at) => ({ ...one, _id: `disp_${at}` }));
    await lanes.open([one, ...many]);
    lanes.begin(one);
    lanes.end(one, later, 1);
    await save();
    await lanes.open(many);
    expect(lanes.isFull(one._id)).toBe(false);
    await lanes.open([one, ...many]);
    expect(lanes.room(one._id)).toBe(0);
    await lanes.open([one]);
    expect(lanes.room(one._id)).toBe(0);
  });

  it('a pause is of the endpoint there was: another one, or a mended one, has none, at this desk and at the next', async () => {
    const one = await bench.dispatcher();
    await lanes.open([one]);
    lanes.begin(one);
    lanes.begin(one);
    lanes.end(one, later, 1);
    await save();
    expect(lanes.isFull(one._id)).toBe(true);
    await lanes.renew();
    expect(lanes.isFull(one._id)).toBe(true);
    const next = await anotherDesk(one);
    expect(next.isFull(one._id)).toBe(true);
    await eventDispatchers(bench.db).updateOne({ _id: one._id }, { $inc: { endpointRevision: 1 } });
    await next.renew();
    expect(next.isFull(one._id)).toBe(false);
    const mended = { ...one, endpointRevision: 1 };
    expect((await anotherDesk(mended)).isFull(one._id)).toBe(false);
    await lanes.open([mended]);
    expect(lanes.isFull(one._id)).toBe(false);
    // What was under way before says nothing of how it is now.
    lanes.end(one, later, 1);
    expect(lanes.isFull(one._id)).toBe(false);
    await save();
    expect(await bench.health()).toMatchObject([{ pausedUntil: null, endpointRevision: 1 }]);
  });
});
