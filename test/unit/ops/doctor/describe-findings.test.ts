import { expect, it } from 'vitest';
import { describeGroup, describeVerdict, plain } from '../../../../src/ops/doctor/describe-findings.js';
import { fail, ok, skipped, warn, type Finding, type Judgement } from '../../../../src/ops/doctor/finding.js';
import { counted, listed, span } from '../../../../src/ops/doctor/words.js';
import { verdictOf } from '../../../../src/ops/doctor/verdict.js';

function finding(checked: string, judgement: Judgement, subject: string | null = null): Finding {
  return { id: `group.${checked}`, group: 'chain', subject, checked, ...judgement };
}

it('puts what was looked at, what was found and what to do in columns', () => {
  const lines = describeGroup(
    'chain',
    [
      finding('answers', ok('in 3 ms'), 'one.example'),
      finding('head', fail('behind', 'Wait.'), 'one.example'),
      finding('socket', warn('slow', 'Look.'), 'two'),
    ],
    plain,
  );
  expect(lines).toEqual([
    'Chain',
    '  ok    one.example  answers  in 3 ms',
    '  FAIL  one.example  head     behind',
    '         → Wait.',
    '  warn  two          socket   slow',
    '         → Look.',
  ]);
});

it('leaves the column of subjects out where there are none, and paints by status', () => {
  const lines = describeGroup('database', [finding('answers', ok('yes'))], (as, text) => `<${as}>${text}`);
  expect(lines).toEqual(['<heading>Database', '  <ok>ok    answers  yes']);
});

it('makes one line of what was skipped for one reason, and only of that', () => {
  const without = skipped('not looked at: it needs "answers" of x');
  const lines = describeGroup(
    'chain',
    [
      finding('answers', fail('no', 'Go.'), 'x'),
      finding('head', without, 'x'),
      finding('history', without, 'x'),
      finding('head', without, 'y'),
      finding('socket', skipped('not needed'), 'y'),
    ],
    plain,
  );
  expect(lines.slice(3)).toEqual([
    '  skip  x  2 more   not looked at: it needs "answers" of x (head, history)',
    '  skip  y  head     not looked at: it needs "answers" of x',
    '  skip  y  socket   not needed',
  ]);
});

it('ends with counts, and where to read on when something is not well', () => {
  expect(describeVerdict(verdictOf([ok('')]), plain)).toEqual(['1 checks: 1 ok, 0 to look at, 0 failing']);
  expect(describeVerdict(verdictOf([fail('', ''), skipped('')]), plain)).toEqual([
    '2 checks: 0 ok, 0 to look at, 1 failing, 1 skipped',
    'By symptom: docs/troubleshooting.md',
  ]);
});

it('says spans, counts and lists as people do', () => {
  const seconds = [0.44, 12, 100, 300, 3 * 3_600, 4 * 86_400].map((count) => span(count * 1_000));
  expect(seconds).toEqual(['0.4 s', '12 s', '100 s', '5 min', '3 h', '4 days']);
  expect(span(-5)).toBe('0 s');
  expect([counted(1, 'letter'), counted(2, 'letter')]).toEqual(['1 letter', '2 letters']);
  expect(listed(['a', 'b'])).toBe('a, b');
  expect(listed(['a', 'b', 'c'], 2)).toBe('a, b and 1 more');
});
