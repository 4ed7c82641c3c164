import fc from 'fast-check';
import { expect, it } from 'vitest';
import { field } from '../../../src/domain-kit/field.js';
import { defineState } from '../../../src/domain-kit/model.js';
import { close, state } from '../../../src/domain-kit/writes.js';
import { orderKey } from '../../../src/ledger/order-key.js';
import { areAllNewer, foldSteps, inOrder, type DocumentChange, type Step } from '../../../src/pipeline/fold.js';

const Model = defineState('things', {
  owner: field.text(),
  name: field.text(),
  count: field.integer(),
  price: field.u64(),
});

const step: fc.Arbitrary<Step> = fc
  .record({
    slot: fc.nat(6),
    revision: fc.bigInt(0n, 3n),
    index: fc.nat(1),
    place: fc.nat(2),
    id: fc.constantFrom('a', 'b', 'c'),
    closes: fc.boolean(),
    patch: fc.record(
      { owner: fc.string(), name: fc.constantFrom('$5 off', 'a.b'), count: fc.nat(), price: fc.bigInt() },
      { requiredKeys: [] },
    ),
  })
  .map(({ slot, revision, index, place, id, closes, patch }) => ({
    at: orderKey({ slot, index, place }, revision),
    id,
    write: closes ? close(Model, 'k', { revision }) : state(Model, 'k', patch, { revision }),
  }));
/** Distinct places: one record has one write to a document at one place. */
const steps = fc.uniqueArray(step, { selector: ({ at, id }) => `${at} ${id}`, maxLength: 12 });

/** What a document holds: undefined = no such document. */
type Fields = Readonly<Record<string, unknown>>;

function applied(change: DocumentChange | null, to: Fields): Fields {
  if (!change) return {};
  return change.reset ? { ...change.set } : { ...to, ...change.set };
}

/** One write after the other, onto nothing. */
function simple(ordered: readonly Step[]): { fields: Fields; closed: boolean } {
  let fields: Fields = {};
  let closed = false;
  for (const { write } of ordered) {
    closed = write.kind === 'close';
    fields = write.kind === 'close' ? {} : { ...fields, ...write.patch };
  }
  return { fields, closed };
}

it('ends the same in any order and with any duplicates (I3, I6)', () => {
  fc.assert(
    fc.property(
      steps.chain((all) =>
        fc.record({
          all: fc.constant(all),
          mixed: fc.shuffledSubarray([...all, ...all], { minLength: all.length * 2 }),
        }),
      ),
      ({ all, mixed }) => {
        expect(foldSteps(mixed, 'nothing')).toEqual(foldSteps(all, 'nothing'));
        expect(foldSteps(mixed, 'document')).toEqual(foldSteps(all, 'document'));
      },
    ),
  );
});

it('is what applying one write after the other gives (I6)', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const change = foldSteps(all, 'nothing');
      const { fields, closed } = simple(inOrder(all));
      expect(applied(change, {})).toEqual(fields);
      expect(change?.closed ?? false).toBe(closed);
    }),
  );
});

it('may be put on top in parts as long as each part is newer (I6)', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (all, cut) => {
      const ordered = inOrder(all);
      const middle = all.length === 0 ? 0 : cut % all.length;
      const [first, rest] = [ordered.slice(0, middle), ordered.slice(middle)];
      const base = foldSteps(first, 'nothing');
      // Equal keys are not newer; then the whole fold has to decide, and project() asks for it.
      if (base && !areAllNewer(rest, base.at)) return;
      const before = applied(base, {});
      const change = foldSteps(rest, first.length === 0 ? 'nothing' : 'document');
      const after = change ? applied(change, before) : before;
      expect(after).toEqual(simple(ordered).fields);
    }),
  );
});

it('never lets an older step win, nor one of the same place (I6)', () => {
  const at = orderKey({ slot: 5, index: 0, place: 0 }, 1n);
  const older: Step = { at: orderKey({ slot: 4, index: 9, place: 9 }, 9n), id: 'z', write: state(Model, 'k', {}) };
  expect(areAllNewer([older], at)).toBe(false);
  expect(areAllNewer([{ ...older, at }], at)).toBe(false);
  expect(areAllNewer([], at)).toBe(true);
  const newer: Step = { ...older, at: orderKey({ slot: 5, index: 0, place: 0 }, 2n) };
  expect(areAllNewer([newer], at)).toBe(true);
  expect(areAllNewer([newer, older], at)).toBe(false);
});

it('keeps a field that only one event carries, whenever it comes', () => {
  const minted: Step = {
    at: orderKey({ slot: 1, index: 0, place: 0 }, 1n),
    id: 'a',
    write: state(Model, 'k', { name: '$5 off', owner: 'x' }),
  };
  const sold: Step = {
    at: orderKey({ slot: 2, index: 0, place: 0 }, 2n),
    id: 'b',
    write: state(Model, 'k', { owner: 'y' }),
  };
  expect(foldSteps([sold, minted], 'nothing')?.set).toEqual({ name: '$5 off', owner: 'y' });
});

it('starts from nothing after a close, also within one batch', () => {
  const at = (slot: number) => orderKey({ slot, index: 0, place: 0 }, 0n);
  const opened: Step = { at: at(1), id: 'a', write: state(Model, 'k', { name: 'a.b', count: 1 }) };
  const closed: Step = { at: at(2), id: 'b', write: close(Model, 'k') };
  const again: Step = { at: at(3), id: 'c', write: state(Model, 'k', { count: 2 }) };
  expect(foldSteps([opened, closed], 'document')).toEqual({ at: at(2), reset: true, closed: true, set: {} });
  expect(foldSteps([again, opened, closed], 'document')).toEqual({
    at: at(3),
    reset: true,
    closed: false,
    set: { count: 2 },
  });
});

it('leaves nothing of no steps', () => {
  expect(foldSteps([], 'nothing')).toBeNull();
});
