import { expect, it } from 'vitest';
import { judgeAttempt } from '../../../src/delivery/dispatch.js';

const trouble = { kind: 'trouble', reason: '451 greylisted' } as const;

it('rests longer after each attempt, a little shorter by chance, and gives up after the last (001-8)', () => {
  const pauses = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
  pauses.forEach((seconds, attempt) => {
    const dueIn = (random: number) => {
      const judged = judgeAttempt(trouble, attempt, 0, () => random);
      return judged.kind === 'again' ? judged.dueAt.getTime() : judged;
    };
    expect(dueIn(0)).toBe(seconds * 1_000);
    expect(dueIn(0.5)).toBe(seconds * 900);
  });
  expect(judgeAttempt(trouble, pauses.length, 0, () => 0)).toEqual({ kind: 'failed', error: '451 greylisted' });
});

it('does not try again what the server refuses (001-8)', () => {
  const refused = { kind: 'refused', reason: '550 no such mailbox' } as const;
  expect(judgeAttempt(refused, 0, 0, () => 0)).toEqual({ kind: 'failed', error: '550 no such mailbox' });
  expect(judgeAttempt({ kind: 'sent' }, 3, 0, () => 0)).toEqual({ kind: 'sent' });
});
