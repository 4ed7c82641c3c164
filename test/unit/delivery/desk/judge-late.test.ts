import { expect, it } from 'vitest';
import { judgeLate, type FinishedTry } from '../../../../src/delivery/desk/judge-late.js';

const gone: FinishedTry = {
  delivery: { _id: 'evt_1/disp_a', dispatcher: 'disp_a' } as FinishedTry['delivery'],
  ...{ number: 1, fence: 1, attempt: null, endpointRevision: 3 },
  ...{ verdict: { kind: 'failed', error: 'it answered 410' }, disables: 'gone' },
};
const failing: FinishedTry = {
  ...gone,
  ...{ verdict: { kind: 'again', afterMs: 5_000, error: 'it answered 500' }, disables: 'failing' },
};

it('002-3: what an endpoint said counts as long as its dispatcher has it', () => {
  for (const one of [gone, failing]) {
    expect(judgeLate(one, new Map([['disp_a', 3]]))).toEqual(one);
    expect(judgeLate(one, new Map())).toEqual(one);
  }
});

it('002-3: once there is another one, nobody is disabled, and what the one before did not want is for that', () => {
  const since = new Map([['disp_a', 4]]);
  expect(judgeLate(gone, since)).toMatchObject({ disables: null, verdict: { kind: 'again', afterMs: 0 } });
  expect(judgeLate(failing, since)).toEqual({ ...failing, disables: null });
  const exhausted: FinishedTry = { ...failing, verdict: { kind: 'failed', error: 'it answered 500' } };
  expect(judgeLate(exhausted, since)).toEqual({ ...exhausted, disables: null });
});
