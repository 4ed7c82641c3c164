import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkFilter } from '../../../../src/delivery/matching/check-filter.js';
import { EventMatcher } from '../../../../src/delivery/matching/event-matcher.js';
import { OPERANDS } from '../../../../src/delivery/matching/operators.js';

const text = readFileSync(new URL('../../../../docs/filters.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `(.+?)` +\| `(.+?)` +\| (\S+) +\| (\S+) +\|$/gm)].map(
  ([, pattern = '', payload = '', strict = '', trigger = '']) => ({ pattern, payload, strict, trigger }),
);

describe('002-4: the table of docs/filters.md is what happens', () => {
  it('it has a row for every operator', () => {
    expect(rows.length).toBeGreaterThan(40);
    for (const name of Object.keys(OPERANDS))
      expect(rows.some(({ pattern }) => pattern.includes(`"${name}"`))).toBe(true);
  });

  it.each(rows)('$pattern and $payload: $strict, $trigger', ({ pattern, payload, ...said }) => {
    const filter = { payload: JSON.parse(pattern) as Record<string, unknown> };
    const matcher = new EventMatcher({ payload: JSON.parse(payload) as unknown, context: null });
    for (const mode of ['strict', 'trigger'] as const) {
      const answer = checkFilter(filter, mode).length > 0 ? '—' : matcher.matches(filter, mode) ? 'yes' : 'no';
      expect(answer, mode).toBe(said[mode]);
    }
  });
});
