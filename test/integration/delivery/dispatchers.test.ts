import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DESKS } from '../../../src/delivery/desk-number.js';
import type { DispatcherDefinition } from '../../../src/delivery/dispatchers/dispatcher-definition.js';
import {
  DispatcherStore,
  ensureDispatcherIndexes,
  eventDispatchers,
} from '../../../src/delivery/dispatchers/dispatcher-store.js';
import { candidatePipeline, findCandidates } from '../../../src/delivery/dispatchers/find-candidates.js';
import { listDispatchers } from '../../../src/delivery/dispatchers/list-dispatchers.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createTestDatabase, type TestDatabase } from '../../support/test-database.js';

let database: TestDatabase;
let client: mongo.MongoClient;
let db: mongo.Db;
let store: DispatcherStore;
beforeAll(async () => {
  database = await createTestDatabase();
  client = await new mongo.MongoClient(database.uri).connect();
  db = client.db(database.name);
  await ensureDispatcherIndexes(db);
  store = new DispatcherStore(db, { clock: systemClock, randomBytes });
});
beforeEach(() => eventDispatchers(db).deleteMany({}));
afterAll(async () => {
  await client.close();
  await database.drop();
});

const webhook = (changes: Partial<DispatcherDefinition> = {}): DispatcherDefinition => ({
  dispatchable: {
    kind: 'webhook',
    url: 'https://example.com/a',
    concurrency: 1,
    ratePerSecond: null,
    timeoutMs: 15_000,
  },
  ...{ events: ['order.paid'], source: 'shop', filter: {}, filterMode: 'strict', commitment: 'finalized' },
  ...{ account: null, manual: false, orderBy: null },
  ...changes,
});
const question = { environment: 'e1', name: 'order.paid', source: 'shop', account: null };
const namesOf = (found: readonly { dispatchableId: string }[]) => found.map((one) => one.dispatchableId).sort();

describe('002-7: a dispatcher is made or changed by its own name', () => {
  it('is new once, and then is what it was last said to be', async () => {
    const first = await store.upsert('e1', 'mail', webhook());
    expect(first).toMatchObject({
      kind: 'created',
      dispatcher: { enabled: true, environment: 'e1' },
    });
    expect(first.dispatcher).not.toHaveProperty('revision');
    expect(first.dispatcher._id).toMatch(/^disp_[0-9a-f]{24}$/);
    expect(first.dispatcher.desk).toBeLessThan(DESKS);
    const second = await store.upsert('e1', 'mail', webhook({ events: ['order.sent'], account: 'acc_1' }));
    expect(second).toMatchObject({ kind: 'updated', secret: null });
    expect(second.dispatcher).toEqual({
      ...first.dispatcher,
      ...{ events: ['order.sent'], account: 'acc_1', updatedAt: second.dispatcher.updatedAt },
    });
    expect(await store.read('e1', first.dispatcher._id)).toEqual(second.dispatcher);
  });

  it('the same name in another environment is another dispatcher, and not to be seen from here', async () => {
    const here = await store.upsert('e1', 'mail', webhook());
    const there = await store.upsert('e2', 'mail', webhook());
    expect(there.kind).toBe('created');
    const id = there.dispatcher._id;
    expect(await store.read('e1', id)).toBeNull();
    expect(await store.setEnabled('e1', id, false)).toBeNull();
    expect(await store.rotateSecret('e1', id, true)).toBeNull();
    expect(await store.remove('e1', id)).toBe(false);
    expect(await store.read('e2', id)).toEqual(there.dispatcher);
    expect(namesOf(await listDispatchers(db, 'e1', {}, 10, null))).toEqual(['mail']);
    expect((await findCandidates(db, question)).map(({ _id }) => _id)).toEqual([here.dispatcher._id]);
  });

  it('twenty who make it at once make one, and all changes arrive', async () => {
    const done = await Promise.all(
      Array.from({ length: 20 }, (_, at) => store.upsert('e1', 'mail', webhook({ source: `s${at}` }))),
    );
    expect(done.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(done.filter(({ secret }) => secret !== null)).toHaveLength(1);
    const [stored, ...more] = await eventDispatchers(db).find().toArray();
    expect(more).toEqual([]);
    expect(stored?.revision).toBe(20);
  });

  it('what it wants to be is kept to the letter: operators, dots and all', async () => {
    const payload = JSON.parse('{"a.b": [{"$gt": "5"}], "__proto__": {"$x": ["$y"]}}') as Record<string, unknown>;
    const { dispatcher } = await store.upsert('e1', 'mail', webhook({ filter: { payload } }));
    const read = await store.read('e1', dispatcher._id);
    expect(JSON.stringify(read?.filter)).toBe(JSON.stringify({ payload }));
  });

  it('being disabled survives a change that does not speak of it', async () => {
    const { dispatcher } = await store.upsert('e1', 'mail', webhook());
    await eventDispatchers(db).updateOne({ _id: dispatcher._id }, { $set: { enabled: false, disabledReason: 'gone' } });
    const changed = await store.upsert('e1', 'mail', webhook());
    expect(changed.dispatcher).toMatchObject({ enabled: false, disabledReason: 'gone' });
    const enabled = await store.upsert('e1', 'mail', webhook({ enabled: true }));
    expect(enabled.dispatcher).toMatchObject({ enabled: true, disabledReason: null });
    expect(await store.setEnabled('e1', dispatcher._id, false)).toMatchObject({ enabled: false, disabledReason: null });
  });
});

describe('002-3: what is known of an endpoint holds until it is another one or mended', () => {
  const dispatchable = { ...webhook().dispatchable, url: 'https://example.com/b' };
  const revisionAfter = async (change: Partial<DispatcherDefinition>, enabled = true) => {
    const { dispatcher } = await store.upsert('e1', 'mail', webhook());
    await eventDispatchers(db).updateOne({ _id: dispatcher._id }, { $set: { enabled } });
    const changed = await store.upsert('e1', 'mail', webhook(change));
    return changed.dispatcher.endpointRevision - dispatcher.endpointRevision;
  };

  it('another URL, or none, and being enabled again begin anew; nothing else that it is said to be', async () => {
    expect(await revisionAfter({ dispatchable })).toBe(1);
    expect(await revisionAfter({ dispatchable: { kind: 'job', job: 'mail', version: '1' } })).toBe(1);
    expect(await revisionAfter({ enabled: true }, false)).toBe(1);
    expect(await revisionAfter({ enabled: true })).toBe(0);
    expect(await revisionAfter({}, false)).toBe(0);
    expect(await revisionAfter({ events: ['order.sent'], filter: { payload: { a: ['b'] } } })).toBe(0);
  });

  it('so do the switch, and a test that succeeded, unless it was of another URL', async () => {
    const { dispatcher } = await store.upsert('e1', 'mail', webhook());
    const { _id } = dispatcher;
    expect(await store.setEnabled('e1', _id, false)).toMatchObject({ endpointRevision: 0 });
    expect(await store.setEnabled('e1', _id, true)).toMatchObject({ endpointRevision: 1 });
    await store.noteMended(dispatcher);
    expect(await store.read('e1', _id)).toMatchObject({ endpointRevision: 2 });
    await store.upsert('e1', 'mail', webhook({ dispatchable }));
    await store.noteMended(dispatcher);
    expect(await store.read('e1', _id)).toMatchObject({ endpointRevision: 3 });
  });

  it('one that was stored before there was such a thing counts from 0', async () => {
    const { dispatcher } = await store.upsert('e1', 'mail', webhook());
    await eventDispatchers(db).updateOne({ _id: dispatcher._id }, { $unset: { endpointRevision: 1 } });
    expect(await store.read('e1', dispatcher._id)).toMatchObject({ endpointRevision: 0 });
    expect(await store.setEnabled('e1', dispatcher._id, true)).toMatchObject({ endpointRevision: 1 });
  });
});

describe('002-5: secrets of endpoints', () => {
  const storedSecrets = async (_id: string) => {
    const { dispatchable } = (await store.read('e1', _id)) ?? {};
    return dispatchable?.kind === 'webhook' ? dispatchable.secrets : undefined;
  };

  it('one is made with the dispatcher; a change of its URL keeps it', async () => {
    const { dispatcher, secret } = await store.upsert('e1', 'mail', webhook());
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(dispatcher.dispatchable).toMatchObject({ secrets: [secret] });
    await store.upsert('e1', 'mail', webhook());
    expect(await storedSecrets(dispatcher._id)).toEqual([secret]);
  });

  it('a job has none, until it becomes a webhook', async () => {
    const job = { kind: 'job', job: 'mail', version: '1' } as const;
    const { dispatcher, secret } = await store.upsert('e1', 'mail', webhook({ dispatchable: job }));
    expect(secret).toBeNull();
    expect(dispatcher.dispatchable).toEqual(job);
    expect(await store.rotateSecret('e1', dispatcher._id, true)).toEqual({ kind: 'unsigned' });
    const changed = await store.upsert('e1', 'mail', webhook());
    expect(changed.secret).toMatch(/^whsec_/);
    expect(await storedSecrets(dispatcher._id)).toEqual([changed.secret]);
  });

  it('rotation keeps the one before, or not; whoever rotates at once gets one that counts', async () => {
    const { dispatcher, secret } = await store.upsert('e1', 'mail', webhook());
    const rotate = async (keepsOld: boolean) => {
      const done = await store.rotateSecret('e1', dispatcher._id, keepsOld);
      return done?.kind === 'rotated' ? done.secret : null;
    };
    const second = await rotate(true);
    expect(await storedSecrets(dispatcher._id)).toEqual([second, secret]);
    const both = await Promise.all([rotate(true), rotate(true)]);
    expect((await storedSecrets(dispatcher._id))?.toSorted()).toEqual(both.toSorted());
    const last = await rotate(false);
    expect(await storedSecrets(dispatcher._id)).toEqual([last]);
  });
});

describe('002-3: whom an event may reach is found by one index', () => {
  it('by name, source and account, enabled and not manual', async () => {
    await store.upsert('e1', 'plain', webhook());
    await store.upsert('e1', 'several', webhook({ events: ['order.sent', 'order.paid'] }));
    await store.upsert('e1', 'other-name', webhook({ events: ['order.sent'] }));
    await store.upsert('e1', 'other-source', webhook({ source: 'chain' }));
    await store.upsert('e1', 'manual', webhook({ manual: true }));
    await store.upsert('e1', 'disabled', webhook({ enabled: false }));
    await store.upsert('e1', 'bound', webhook({ account: 'acc_1' }));
    await store.upsert('e2', 'elsewhere', webhook());
    expect(namesOf(await findCandidates(db, question))).toEqual(['plain', 'several']);
    expect(namesOf(await findCandidates(db, { ...question, account: 'acc_1' }))).toEqual(['bound', 'plain', 'several']);
    expect(namesOf(await findCandidates(db, { ...question, account: 'acc_2' }))).toEqual(['plain', 'several']);
  });

  it('among 2,000 without looking at the others', async () => {
    const { dispatcher } = await store.upsert('e1', 'kept', webhook());
    const [model] = await eventDispatchers(db).find({ _id: dispatcher._id }).toArray();
    if (!model) throw new Error('it was just made');
    const others = Array.from({ length: 2_000 }, (_, at) => ({
      ...model,
      ...{ _id: `disp_${at}`, dispatchableId: `d${at}` },
      // A thousand of other names, a thousand of this name and of one account each.
      ...(at % 2 === 0 ? { events: [`event.${at}`, `event.${at + 1}`] } : { account: `acc_${at}` }),
    }));
    await eventDispatchers(db).insertMany(others);
    const found = await findCandidates(db, { ...question, account: 'acc_77' });
    expect(namesOf(found)).toEqual(['d77', 'kept']);
    const plan = await eventDispatchers(db)
      .aggregate(candidatePipeline({ ...question, account: 'acc_77' }))
      .explain('executionStats');
    const examined = /"totalDocsExamined":(\d+)/.exec(JSON.stringify(plan))?.[1];
    expect(Number(examined)).toBe(2);
  });
});
