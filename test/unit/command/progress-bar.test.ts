import { describe, expect, it } from 'vitest';
import { ProgressBar } from '../../../scripts/command/progress-bar.js';

function barOn(out: { isTTY?: boolean; columns?: number }) {
  let nowMs = 1_000;
  const written: string[] = [];
  const bar = new ProgressBar({ ...out, write: (text) => written.push(text) }, () => nowMs, 'accounts');
  return { bar, written, pass: (ms: number) => void (nowMs += ms) };
}

describe('a progress bar in a pipe', () => {
  it('says nothing of what is over within 5 seconds, nor of nothing', () => {
    const { bar, written, pass } = barOn({});
    bar.end();
    bar.show({ done: 0, total: 10 });
    pass(4_999);
    bar.show({ done: 10, total: 10 });
    bar.end();
    expect(written).toEqual([]);
  });

  it('says a plain line every 5 seconds, and how it ended', () => {
    const { bar, written, pass } = barOn({});
    for (let done = 0; done <= 120; done += 10) {
      bar.show({ done, total: 120, detail: `slot ${done}` });
      pass(1_000);
    }
    bar.end();
    expect(written).toEqual([
      '41 %, 50 of 120 accounts, 10/s, about 7 s left; slot 50\n',
      '83 %, 100 of 120 accounts, 10/s, about 2 s left; slot 100\n',
      '100 %, 120 of 120 accounts, 9.2/s; slot 120\n',
    ]);
  });

  it('says nothing where nothing has changed', () => {
    const { bar, written, pass } = barOn({});
    pass(5_000);
    for (let turn = 0; turn < 5; turn++) {
      bar.show({ done: 3, total: null });
      pass(5_000);
    }
    bar.end();
    expect(written).toEqual(['3 accounts\n']);
  });
});

describe('a progress bar on a terminal', () => {
  it('is one line, drawn again a few times a second', () => {
    const { bar, written, pass } = barOn({ isTTY: true, columns: 100 });
    for (let done = 0; done <= 100; done++) {
      bar.show({ done, total: 100 });
      pass(50);
    }
    bar.end();
    expect(written.length).toBeLessThan(25);
    expect(written.slice(0, -1).every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true);
    expect(written[0]).toBe(`\r\u001b[K${'─'.repeat(24)} 0 %, 0 of 100 accounts`);
    expect(written.at(-2)).toBe(`\r\u001b[K${'━'.repeat(24)} 100 %, 100 of 100 accounts, 20/s`);
    expect(written.at(-1)).toBe('\n');
  });

  it('never wraps', () => {
    const { bar, written } = barOn({ isTTY: true, columns: 40 });
    bar.show({ done: 1, total: 2, detail: 'a long story '.repeat(10) });
    expect(written[0]?.replace('\r\u001b[K', '')).toHaveLength(39);
  });
});

it('counts the rate from where this run, or this part of it, began', () => {
  const { bar, written, pass } = barOn({});
  bar.show({ done: 1_000, total: 2_000 });
  pass(5_000);
  bar.show({ done: 1_050, total: 2_000 });
  bar.show({ done: 0, total: 2_000 });
  pass(5_000);
  bar.show({ done: 5, total: 2_000 });
  expect(written).toEqual([
    '52 %, 1050 of 2000 accounts, 10/s, about 2 min left\n',
    '0 %, 5 of 2000 accounts, 1.0/s, about 33 min left\n',
  ]);
});

it('has nothing left, and divides by nothing, where there is nothing to do', () => {
  const { bar, written, pass } = barOn({});
  bar.show({ done: 0, total: 0 });
  pass(5_000);
  bar.show({ done: 0, total: 0 });
  expect(written).toEqual(['100 %, 0 of 0 accounts\n']);
});
