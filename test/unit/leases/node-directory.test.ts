import { describe, expect, it } from 'vitest';
import { NodeDirectory } from '../../../src/leases/node-directory.js';
import { showNode } from '../../../src/leases/show-node.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { recordingLog } from '../chain/recording-log.js';
import { HandClock } from '../lib/hand-clock.js';

const TERM_MS = 3_000;
const LOOK_MS = TERM_MS / 5;
const startedAt = new Date(0);

function setup() {
  const clock = new HandClock();
  let isDown = false;
  const db = new MemoryServer(clock).connect({
    step: () => (isDown ? Promise.reject(new Error('the database is away')) : Promise.resolve()),
  });
  const documents = db.collection<{ _id: string; beat: number }>('leases');
  const directory = new NodeDirectory({ db, clock, termMs: TERM_MS });
  const show = (id: string, serves: readonly string[] = ['key']) => {
    const stop = new AbortController();
    const ended = showNode({ db, clock, log: recordingLog(), termMs: TERM_MS }, { id, serves, startedAt }, stop.signal);
    return { ended, stop: () => stop.abort() };
  };
  /** A node that is not there any more, as it stood last. */
  const leave = (id: string, beat = 7) =>
    documents.updateOne({ _id: `node:${id}` }, { $set: { beat, serves: ['key'], startedAt } }, { upsert: true });
  const watch = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      await clock.pass(LOOK_MS);
      await directory.look();
    }
  };
  const live = () =>
    directory
      .live()
      .map(({ id, isSettled }) => (isSettled ? id : `${id}?`))
      .sort();
  return {
    ...{ clock, db, documents, directory, show, leave, watch, live },
    setDown: (down: boolean) => (isDown = down),
  };
}

describe('the node directory (004-1.3)', () => {
  it('knows a node for as long as it beats, and until its end when that is orderly', async () => {
    const { clock, directory, show, watch, live } = setup();
    const node = show('a');
    await clock.pass(0);
    await directory.look();
    await watch(TERM_MS * 4);
    expect(live()).toEqual(['a']);
    expect(directory.live()[0]).toEqual({ id: 'a', serves: ['key'], startedAt, isSettled: true });
    node.stop();
    await node.ended;
    await directory.look();
    expect(live()).toEqual([]);
  });

  it('takes who is there at first for living, until it stood still for a term', async () => {
    const { directory, leave, watch, live } = setup();
    await leave('dead');
    await directory.look();
    await watch(TERM_MS - LOOK_MS);
    expect(live()).toEqual(['dead']);
    await watch(LOOK_MS);
    expect(live()).toEqual([]);
  });

  it('gives keys to who came or came back after a term, or at once where there is nobody else', async () => {
    const { clock, directory, show, leave, watch, live } = setup();
    await directory.look();
    await leave('old');
    await watch(TERM_MS * 2);
    expect(live()).toEqual([]);
    show('new');
    await leave('old', 8);
    await clock.pass(0);
    await directory.look();
    expect(live()).toEqual(['new?', 'old?']);
    expect(directory.preferred('key')).not.toBeNull();
    await watch(TERM_MS);
    expect(live()).toEqual(['new']);
    expect(directory.preferred('key')).toBe('new');
    expect(directory.preferred('nobody serves this')).toBeNull();
  });

  it('counts a node that is not settled only where no settled one serves the key', async () => {
    const { clock, directory, show } = setup();
    show('first', ['key']);
    await clock.pass(0);
    await directory.look();
    const ids = Array.from({ length: 20 }, (_, index) => `node ${index}`);
    for (const id of ids) show(id, ['key', 'other']);
    await clock.pass(0);
    await directory.look();
    expect(directory.preferred('key')).toBe('first');
    expect(ids).toContain(directory.preferred('other'));
  });

  it('takes nobody for dead while the database is away, nor at its first look afterwards', async () => {
    const { clock, directory, show, watch, live, setDown } = setup();
    show('a');
    await clock.pass(0);
    await directory.look();
    await watch(TERM_MS);
    setDown(true);
    for (let passed = 0; passed < TERM_MS * 3; passed += LOOK_MS) {
      await clock.pass(LOOK_MS);
      await expect(directory.look()).rejects.toThrow('away');
    }
    expect(live()).toEqual(['a']);
    setDown(false);
    await directory.look();
    expect(live()).toEqual(['a']);
    await watch(TERM_MS * 2);
    expect(live()).toEqual(['a']);
  });

  it('removes the document of who is dead for long, unless it woke up just then', async () => {
    const { directory, documents, leave, watch } = setup();
    await leave('dead');
    await directory.look();
    await watch(TERM_MS * 9);
    expect(await documents.findOne({ _id: 'node:dead' })).not.toBeNull();
    await watch(TERM_MS);
    expect(await documents.findOne({ _id: 'node:dead' })).toBeNull();
    expect(await documents.deleteOne({ _id: 'node:dead', beat: 7 })).toMatchObject({ deletedCount: 0 });
  });

  it('counts the process that looks as living, whatever is stored', async () => {
    const { clock, db } = setup();
    const self = { id: 'me', serves: ['key'], startedAt };
    const directory = new NodeDirectory({ db, clock, termMs: TERM_MS, self });
    expect(directory.preferred('key')).toBe('me');
    await directory.look();
    expect(directory.live()).toEqual([{ ...self, isSettled: true }]);
  });
});
