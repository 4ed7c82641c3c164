import { describe, expect, it } from 'vitest';
import type { ChainEffect } from '../../../scripts/drill/transactions/chain-effects.js';
import { isRight, judgeWrites, type AnsweredWrite } from '../../../scripts/drill/transactions/judge-writes.js';
import type { PlannedWrite } from '../../../scripts/drill/transactions/planned-writes.js';
import type { FinalAnswer } from '../../../scripts/drill/transactions/write-client.js';

const landed = (signature: string): FinalAnswer => ({ kind: 'landed', signature });
const refused: FinalAnswer = { kind: 'refused', reason: 'ExpiryNotInFuture' };

function write(key: string, kind: PlannedWrite['kind'], ...answers: FinalAnswer[]): AnsweredWrite {
  return { write: { key, kind, path: '', body: {}, duplicateAfterMs: null, isKeyReused: false }, answers };
}

const effect = (signature: string, kind: ChainEffect['kind'], text: string | null): ChainEffect => ({
  ...{ signature, kind, text },
});

const answered = [
  write('a', 'promotion', landed('s1'), landed('s1')),
  write('b', 'comment', landed('s2')),
  write('c', 'rating', landed('s3')),
  write('d', 'refused', refused),
];
const effects = [
  effect('before', 'promotion', 'a shop'),
  effect('s1', 'promotion', 'a'),
  effect('s2', 'comment', 'b'),
  effect('s3', 'rating', null),
];
const accounts = {
  promotions: [
    { title: 'a shop', id: 'm/0' },
    { title: 'a', id: 'm/1' },
  ],
  comments: ['b'],
};
const judge = (changes: { answered?: AnsweredWrite[]; effects?: ChainEffect[]; accounts?: Partial<typeof accounts> }) =>
  judgeWrites(
    changes.answered ?? answered,
    changes.effects ?? effects,
    { ...accounts, ...changes.accounts },
    new Set(['before']),
  );

describe('what clients were told against the chain (I9, I10)', () => {
  it('is right where each write had the effect it was said to have', () => {
    const judgement = judge({});
    expect(judgement).toMatchObject({ landed: 3, refused: 1, reasons: { ExpiryNotInFuture: 1 } });
    expect(isRight(judgement)).toBe(true);
  });

  it.each([
    ['missing', { effects: effects.filter(({ signature }) => signature !== 's2') }, ['b']],
    ['missing', { accounts: { comments: [] } }, ['b']],
    ['missing', { effects: [...effects.slice(0, 3), effect('s3', 'comment', 'c')] }, ['c']],
    ['doubled', { effects: [...effects, effect('s4', 'promotion', 'a')] }, ['a']],
    ['doubled', { accounts: { comments: ['b', 'b'] } }, ['b']],
    ['unwanted', { effects: [...effects, effect('s5', 'promotion', 'd')] }, ['d']],
    ['unclaimed', { effects: [...effects, effect('s6', 'rating', null)] }, ['s6']],
    ['differentAnswers', { answered: [write('a', 'promotion', landed('s1'), refused), ...answered.slice(1)] }, ['a']],
    ['duplicateIds', { accounts: { promotions: [...accounts.promotions, { title: 'x', id: 'm/1' }] } }, ['m/1']],
  ] as const)('sees what is %s', (kind, changes, keys) => {
    const judgement = judge(changes as unknown as Parameters<typeof judge>[0]);
    expect(judgement[kind]).toEqual(keys);
    expect(isRight(judgement)).toBe(false);
  });
});
