import { expect, it } from 'vitest';
import { takingBackId } from '../../../../src/delivery/records/relay/chain-record.js';

it('what takes a confirmed one back has its version', () => {
  expect(takingBackId('sig/log/0~2/confirmed')).toBe('sig/log/0~2/orphaned');
});
