import { describe, expect, it } from 'vitest';
import { wholeNumber } from '../../../scripts/command/whole-number.js';

describe('wholeNumber', () => {
  it('takes digits within its bounds', () => {
    expect(wholeNumber(1, 10)('1')).toBe(1);
    expect(wholeNumber(1, 10)('10')).toBe(10);
    expect(wholeNumber(0)(String(Number.MAX_SAFE_INTEGER))).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['', '0', '11', '-1', '1e1', '1.5', ' 2', '0x2', 'two'])('refuses %j, and says what it takes', (text) => {
    expect(() => wholeNumber(1, 10)(text)).toThrow('It must be a whole number from 1 to 10.');
  });

  it('without an upper bound takes no more than a number holds exactly', () => {
    expect(() => wholeNumber(0)('9007199254740992')).toThrow('It must be a whole number from 0 on.');
  });
});
