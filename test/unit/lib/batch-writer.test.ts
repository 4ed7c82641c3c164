import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchWriter, type Outcome } from '../../../src/lib/batch-writer.js';
import { HandClock, settled } from './hand-clock.js';

type Options = ConstructorParameters<typeof BatchWriter<string, string>>[0];

const done = (item: string): Outcome<string> => ({ kind: 'done', value: `${item}!` });

/** A writer whose writes take `writeMs` and are kept in `batches`. */
function setup({ writeMs = 100, ...options }: Partial<Options> & { writeMs?: number } = {}) {
  const clock = new HandClock();
  const batches: string[][] = [];
  const writer = new BatchWriter<string, string>({
    ...{ partitions: 1, maxBatch: 3, maxDelayMs: 0, maxWaiting: 100, clock },
    write: async (batch) => {
      batches.push([...batch]);
      await clock.sleep(writeMs);
      return batch.map(done);
    },
    ...options,
  });
  return { clock, writer, batches };
}

describe('the batch writer (004-2.3)', () => {
  it('writes at once when nothing is under way, and what comes meanwhile together', async () => {
    const { clock, writer, batches } = setup();
    const completed: string[] = [];
    const add = (item: string) => void writer.add(item).then((result) => completed.push(result));
    add('a');
    await settled();
    expect(batches).toEqual([['a']]);
    for (const item of ['b', 'c', 'd', 'e']) add(item);
    await settled();
    expect([batches, completed]).toEqual([[['a']], []]);
    await clock.pass(100);
    expect([batches, completed]).toEqual([[['a'], ['b', 'c', 'd']], ['a!']]);
    await clock.pass(100);
    await clock.pass(100);
    expect(batches).toEqual([['a'], ['b', 'c', 'd'], ['e']]);
    expect(completed).toEqual(['a!', 'b!', 'c!', 'd!', 'e!']);
    expect(writer.statistics()).toEqual({ items: 5, batches: 3, shared: 3 });
  });

  it('has what is added in the same moment share one write', async () => {
    const { writer, batches } = setup();
    void writer.add('a');
    void writer.add('b');
    await settled();
    expect(batches).toEqual([['a', 'b']]);
  });

  it('waits for company for as long as it may, and no longer once the batch is full', async () => {
    const { clock, writer, batches } = setup({ maxDelayMs: 50 });
    void writer.add('a');
    await clock.pass(49);
    expect(batches).toEqual([]);
    await clock.pass(1);
    expect(batches).toEqual([['a']]);
    await clock.pass(100);
    for (const item of ['b', 'c', 'd']) void writer.add(item);
    await settled();
    expect(batches).toEqual([['a'], ['b', 'c', 'd']]);
  });

  it('fails the item that failed, and no other', async () => {
    const failure = new Error('this one');
    const { writer } = setup({
      write: (batch) =>
        Promise.resolve(batch.map((item) => (item === 'bad' ? { kind: 'failed', error: failure } : done(item)))),
    });
    const settledAll = await Promise.allSettled(['a', 'bad', 'c'].map((item) => writer.add(item)));
    expect(settledAll).toEqual([
      { status: 'fulfilled', value: 'a!' },
      { status: 'rejected', reason: failure },
      { status: 'fulfilled', value: 'c!' },
    ]);
  });

  it('fails the whole batch when its write throws, the next one not, and what a write leaves out', async () => {
    let writes = 0;
    const { writer } = setup({
      write: (batch) => {
        writes += 1;
        if (writes === 1) throw new Error('no database');
        return Promise.resolve(batch.slice(1).map(done));
      },
    });
    const failed = await Promise.allSettled([writer.add('a'), writer.add('b')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(writer.add('c')).rejects.toThrow('said nothing');
  });

  it('writes a batch again after what may be over, with back-off, in order and so many times at most', async () => {
    const written: string[][] = [];
    const retry = {
      ...{ attempts: 3, backoff: { firstMs: 10, maxMs: 1_000, jitter: 0 }, random: () => 0 },
      isTransient: (error: unknown) => error instanceof RangeError,
    };
    const answers = [
      new RangeError('1'),
      new RangeError('2'),
      null,
      new TypeError('final'),
      ...['3', '4', '5'].map((text) => new RangeError(text)),
    ];
    const { clock, writer } = setup({
      retry,
      write: (batch) => {
        written.push([...batch]);
        const answer = answers.shift();
        return answer ? Promise.reject(answer) : Promise.resolve(batch.map(done));
      },
    });
    const first = writer.add('a');
    await settled();
    await clock.pass(10);
    const second = writer.add('b').catch(String);
    await clock.pass(19);
    expect(written).toEqual([['a'], ['a']]);
    await clock.pass(1);
    expect(await first).toBe('a!');
    expect(await second).toBe('TypeError: final');
    expect(written).toEqual([['a'], ['a'], ['a'], ['b']]);
    const third = writer.add('c').catch(String);
    await settled();
    await clock.pass(10);
    await clock.pass(20);
    expect(await third).toBe('RangeError: 5');
    expect(writer.statistics()).toEqual({ items: 3, batches: 3, shared: 0 });
  });

  it('refuses what is beyond its bound, and takes more once that is written', async () => {
    const { clock, writer, batches } = setup({ maxWaiting: 2 });
    void writer.add('under way');
    await settled();
    void writer.add('a');
    void writer.add('b');
    await expect(writer.add('c')).rejects.toMatchObject({ code: 'overloaded' });
    await clock.pass(100);
    void writer.add('d');
    await clock.pass(100);
    expect(batches).toEqual([['under way'], ['a', 'b'], ['d']]);
  });

  it('writes at its stop what waits, without waiting for company, and takes nothing more', async () => {
    const { clock, writer, batches } = setup({ maxDelayMs: 60_000, maxBatch: 2 });
    const added = ['a', 'b', 'c'].map((item) => writer.add(item));
    await settled();
    let isStopped = false;
    const stopping = writer.stop().then(() => (isStopped = true));
    await expect(writer.add('d')).rejects.toMatchObject({ code: 'stopped' });
    await clock.pass(100);
    expect([batches, isStopped]).toEqual([[['a', 'b'], ['c']], false]);
    await clock.pass(100);
    await stopping;
    expect(await Promise.all(added)).toEqual(['a!', 'b!', 'c!']);
  });

  it('writes partitions beside each other, and tells of each batch', async () => {
    const sizes: number[] = [];
    const { writer, batches } = setup({ partitions: 2, onBatch: (size) => sizes.push(size) });
    for (const item of ['a', 'b', 'c', 'd']) void writer.add(item);
    await settled();
    expect(batches).toEqual([
      ['a', 'c'],
      ['b', 'd'],
    ]);
    expect(sizes).toEqual([2, 2]);
  });
});

const arrival = fc.record({ afterMs: fc.integer({ min: 0, max: 6 }), key: fc.nat(4), fails: fc.boolean() });
const plan = fc.record({
  arrivals: fc.array(arrival, { minLength: 1, maxLength: 40 }),
  writesMs: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 10 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  maxBatch: fc.integer({ min: 1, max: 5 }),
  maxDelayMs: fc.integer({ min: 0, max: 8 }),
  /** Whoever was answered asks for one thing more at once. */
  asksAgain: fc.boolean(),
});

it('keeps the order of each key, completes everything once, and lets nothing wait too long (004-2.3)', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async ({ arrivals, writesMs, partitions, maxBatch, maxDelayMs, asksAgain }) => {
      interface Item {
        readonly number: number;
        readonly key: string;
        readonly fails: boolean;
        readonly addedMs: number;
        /** Items that waited when this one came. */
        readonly ahead: number;
      }
      const clock = new HandClock();
      const added: Item[] = [];
      const written: Item[] = [];
      const completions: number[] = [];
      const tooLate: Item[] = [];
      let writes = 0;
      const writer = new BatchWriter<Item, number>({
        ...{ partitions, maxBatch, maxDelayMs, maxWaiting: 1_000, clock, partitionOf: ({ key }) => key },
        write: async (batch) => {
          expect(batch.length).toBeLessThanOrEqual(maxBatch);
          written.push(...batch);
          const allowedMs = maxDelayMs + Math.max(...writesMs);
          tooLate.push(
            ...batch.filter(({ addedMs, ahead }) => ahead < maxBatch && clock.monotonic() - addedMs > allowedMs),
          );
          await clock.sleep(writesMs[writes++ % writesMs.length] ?? 0);
          return batch.map(({ number, fails }) =>
            fails ? { kind: 'failed', error: number } : { kind: 'done', value: number },
          );
        },
      });
      const add = (key: string, fails: boolean, again: boolean): void => {
        const ahead = added.length - written.length;
        const item = { number: added.length, key, fails, addedMs: clock.monotonic(), ahead };
        added.push(item);
        const complete = (isFailed: boolean) => (result: unknown) => {
          completions.push(result === item.number && isFailed === fails ? item.number : NaN);
          if (again) add(key, fails, false);
        };
        writer.add(item).then(complete(false), complete(true));
      };
      // What can be done now is done before time passes, as on a machine that is not busy.
      const passOne = async () => {
        await settled();
        await clock.pass(1);
      };
      for (const { afterMs, key, fails } of arrivals) {
        for (let ms = 0; ms < afterMs; ms++) await passOne();
        add(`key ${key}`, fails, asksAgain);
      }
      const expected = arrivals.length * (asksAgain ? 2 : 1);
      for (let ms = 0; ms < 2_000 && completions.length < expected; ms++) await passOne();
      await writer.stop();

      expect(tooLate).toEqual([]);
      expect([...completions].sort((one, other) => one - other)).toEqual(added.map(({ number }) => number));
      expect(added).toHaveLength(expected);
      for (const key of new Set(added.map((item) => item.key))) {
        const of = (items: readonly Item[]) => items.filter((item) => item.key === key).map(({ number }) => number);
        expect(of(written)).toEqual(of(added));
      }
      const { items, batches } = writer.statistics();
      expect([items, batches]).toEqual([expected, writes]);
    }),
  );
});
