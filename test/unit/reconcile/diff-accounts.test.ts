import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Coupon } from '../../../src/domains/coupons/models.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import type { FieldValue } from '../../../src/domain-kit/field.js';
import { state, type StateWrite } from '../../../src/domain-kit/writes.js';
import { compareWithAccount, diffAccounts } from '../../../src/reconcile/diff-accounts.js';
import type { StoredDocument } from '../../../src/reconcile/stored-documents.js';

const OWNED = Object.keys(Coupon.fields);

const value: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.boolean(),
  fc.date({ noInvalidDate: true }),
  fc.constant(null),
);
/** What one account says, by field; not every handler says all of them. */
const said = fc
  .subarray(OWNED, { minLength: 1 })
  .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, value]))));
const accounts = fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), said, { maxKeys: 20 });

const write = (key: string, patch: Readonly<Record<string, FieldValue>>): StateWrite =>
  state(Coupon, key, patch as never);
const writesOf = (all: Readonly<Record<string, Record<string, FieldValue>>>) =>
  new Map<string, StateWrite | null>(Object.entries(all).map(([key, patch]) => [key, write(key, patch)]));
const documentsOf = (all: Readonly<Record<string, Record<string, FieldValue>>>) =>
  new Map<string, StoredDocument>(Object.entries(all).map(([key, fields]) => [key, { key, fields }]));

const diff = (writes: ReadonlyMap<string, StateWrite | null>, documents: ReadonlyMap<string, StoredDocument>) =>
  diffAccounts(coupons, Coupon, writes, documents);

describe('accounts against their documents (003-8, I6)', () => {
  it('finds nothing where they are equal, whatever other people keep on the documents', () => {
    fc.assert(
      fc.property(accounts, value, (all, theirs) => {
        const documents = documentsOf(
          Object.fromEntries(
            Object.entries(all).map(([key, fields]) => [key, { ...fields, note: theirs, floorPrice: theirs }]),
          ),
        );
        expect(diff(writesOf(all), documents)).toEqual([]);
      }),
    );
  });

  it('names exactly the documents of which an owned field differs', () => {
    fc.assert(
      fc.property(accounts, fc.array(fc.nat()), (all, dice) => {
        const wrong = new Set<string>();
        const changed = Object.fromEntries(
          Object.entries(all).map(([key, fields], at) => {
            const die = dice[at] ?? 0;
            if (die % 2 === 0) return [key, fields];
            const names = Object.keys(fields);
            const name = names[die % names.length] ?? '';
            wrong.add(key);
            // Nothing that is drawn has a newline in front of what it was.
            return [key, { ...fields, [name]: `\n${String(fields[name])}` }];
          }),
        );
        expect(new Set(diff(writesOf(all), documentsOf(changed)))).toEqual(wrong);
      }),
    );
  });

  it('names those that are missing and those that have no account, and nobody who has neither', () => {
    fc.assert(
      fc.property(accounts, (all) => {
        const keys = Object.keys(all);
        expect(diff(writesOf(all), new Map())).toEqual(keys);
        const gone = new Map(keys.map((key): [string, null] => [key, null]));
        expect(diff(gone, documentsOf(all))).toEqual(keys);
        expect(diff(gone, new Map())).toEqual([]);
      }),
    );
  });

  it('says what it is: missing, orphaned, or which fields', () => {
    const account = write('A', { serial: 1, owner: 'Ada' });
    const document = { key: 'A', fields: { serial: 2, owner: 'Ada', status: 'listed' } };
    const kinds = (of: StoredDocument | null, by: StateWrite | null) =>
      compareWithAccount(coupons, Coupon, 'A', of, by).map(({ kind, witness, fields }) => [kind, witness, fields]);
    expect(kinds(null, account)).toEqual([['missing', 'chain', []]]);
    expect(kinds(document, null)).toEqual([['orphaned', 'chain', []]]);
    expect(kinds(document, account)).toEqual([['drift', 'chain', [{ field: 'serial', expected: 1, actual: 2 }]]]);
    expect(kinds(null, null)).toEqual([]);
  });

  it('takes an owned field that is not there for wrong, where the account says it', () => {
    expect(diff(writesOf({ A: { redeemedAt: null } }), documentsOf({ A: {} }))).toEqual(['A']);
  });
});
