import { expect, it } from 'vitest';
import { areApplied } from '../../../src/app/own-transactions.js';
import type { RecordState } from '../../../src/ledger/ledger-record.js';

const record = (state: RecordState, disputed = false) => ({ state, disputed });

it.each([
  ['nothing is in the ledger', [], false],
  ['it waits to be applied', [record('received')], false],
  ['it is applied', [record('applied')], true],
  ['one of its events is still waiting', [record('applied'), record('received')], false],
  ['its handler failed for good', [record('applied'), record('dead')], true],
  ['another version of it was announced', [record('applied', true)], false],
  ['all there is never landed', [record('orphaned')], false],
  ['the chain decided against a version announced first', [record('orphaned'), record('applied')], true],
])('a write is answered when its documents are what the chain has (TRAPS 29): %s', (_, records, applied) => {
  expect(areApplied(records)).toBe(applied);
});
