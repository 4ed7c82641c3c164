import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { triggerMismatch } from '../../../../src/delivery/matching/trigger-match.js';

interface Row {
  readonly filter: object;
  readonly event?: unknown;
  /** What `eventFilterMatches` of @trigger.dev/core 2.3.19 answered. */
  readonly real: boolean | 'throws';
}

const rows = JSON.parse(
  readFileSync(new URL('../../../support/trigger-table/trigger-table.json', import.meta.url), 'utf8'),
) as Row[];
const INHERITED = /"(constructor|toString|valueOf|hasOwnProperty|__proto__)"/;
const fits = ({ event, filter }: Row) => triggerMismatch(event, filter) === null;
const shown = (wrong: readonly Row[]) => wrong.map((row) => JSON.stringify(row));

describe('002-4: the compatible mode answers as the real eventFilterMatches', () => {
  it('in all of more than a thousand cases that were put to it', () => {
    const answered = rows.filter(({ filter, real }) => real !== 'throws' && !INHERITED.test(JSON.stringify(filter)));
    expect(answered.length).toBeGreaterThan(1_000);
    expect(answered.filter(({ real }) => real === true).length).toBeGreaterThan(300);
    expect(shown(answered.filter((row) => fits(row) !== row.real))).toEqual([]);
  });

  it('where that throws nothing fits', () => {
    const thrown = rows.filter(({ real }) => real === 'throws');
    expect(thrown.length).toBeGreaterThan(30);
    expect(shown(thrown.filter(fits))).toEqual([]);
  });

  it('but what is inherited is not looked at: a filter by `constructor` matched everything', () => {
    const leaks = rows.filter((row) => INHERITED.test(JSON.stringify(row.filter)) && row.real === true && !fits(row));
    expect(leaks).toContainEqual({
      filter: { v: { constructor: { name: ['String'] } } },
      event: { v: 'abc' },
      real: true,
    });
    const invented = rows.filter(
      (row) => INHERITED.test(JSON.stringify(row.filter)) && row.real === false && fits(row),
    );
    expect(shown(invented)).toEqual([]);
  });

  it('it throws for nothing', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 4 }), fc.object({ maxDepth: 4 }), (event, filter) => {
        expect([null, 'object']).toContain(triggerMismatch(event, filter) && 'object');
      }),
    );
  });
});
