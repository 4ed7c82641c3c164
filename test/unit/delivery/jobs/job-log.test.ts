import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { JobLog } from '../../../../src/delivery/jobs/job-log.js';

const newLog = () => new JobLog({ now: () => 7 }, 2);
const throwing = () => {
  throw new Error('not to be read');
};

describe('what a job writes (002-5)', () => {
  it('is taken once, with when and by which attempt', () => {
    const log = newLog();
    log.write('greeting', { to: 'Ada', sum: 2n ** 60n });
    log.write('greeted');
    expect(log.take()).toEqual([
      { at: new Date(7), attempt: 2, message: 'greeting', data: '{"to":"Ada","sum":"1152921504606846976"}' },
      { at: new Date(7), attempt: 2, message: 'greeted', data: null },
    ]);
    expect(log.take()).toEqual([]);
  });

  it('is kept as some text where it has no JSON form', () => {
    const circle: Record<string, unknown> = { name: 'round' };
    circle['self'] = circle;
    const log = newLog();
    log.write('a circle', circle);
    log.write('a function', throwing);
    log.write('what nobody can read', { toJSON: throwing, [inspect.custom]: throwing, toString: throwing });
    log.write(Object.create(null) as string);
    const [round, code, unread, untold] = log.take();
    expect(JSON.parse(round?.data ?? '')).toMatch(/name: 'round'.*Circular/s);
    expect(JSON.parse(code?.data ?? '')).toContain('Function');
    expect(JSON.parse(unread?.data ?? '')).toContain('without a text');
    expect(untold?.message).toContain('without a text');
  });

  it('comes with what is taken next where it could not be kept, the newest of it', () => {
    const log = newLog();
    log.write('first');
    log.take();
    log.write('second');
    log.giveBack();
    log.giveBack();
    expect(log.take().map(({ message }) => message)).toEqual(['first', 'second']);
    for (let n = 0; n < 205; n++) log.write(`line ${n}`);
    expect(log.take()[0]?.message).toBe('6 older lines were left out');
    log.write('one more');
    log.giveBack();
    const lines = log.take();
    expect(lines).toHaveLength(200);
    expect(lines[0]?.message).toBe('7 older lines were left out');
    expect(lines.at(-1)?.message).toBe('one more');
  });

  it('is cut where it is long', () => {
    const log = newLog();
    log.write('m'.repeat(3_000), 'd'.repeat(9_000));
    const [line] = log.take();
    expect([line?.message.length, line?.data?.length]).toEqual([2_000, 8_000]);
  });

  it('has its newest lines kept where it is much, and says how many are not', () => {
    const log = newLog();
    for (let n = 1; n <= 300; n += 1) log.write(`line ${n}`);
    const messages = log.take().map(({ message }) => message);
    expect(messages).toHaveLength(200);
    expect(messages.slice(0, 2)).toEqual(['101 older lines were left out', 'line 102']);
    expect(messages.at(-1)).toBe('line 300');
    for (let n = 1; n <= 200; n += 1) log.write(`line ${n}`);
    expect(log.take()[0]?.message).toBe('line 1');
  });
});
