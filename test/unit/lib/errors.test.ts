import { describe, expect, it } from 'vitest';
import { messageOf } from '../../../src/lib/errors.js';

const revoked = () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
};
const throwing = () => {
  throw new Error('no text');
};

describe('the message of what was thrown (002-5)', () => {
  it.each([
    [new Error('why'), 'why'],
    ['why', 'why'],
    [undefined, 'undefined'],
    [Symbol('why'), 'Symbol(why)'],
    [Object.assign(new Error(), { message: 7 }), '7'],
  ])('%o', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message);
  });

  it.each([
    ['an object without a prototype', () => Object.create(null) as unknown],
    ['a toString that throws', () => ({ toString: throwing })],
    ['an error whose message throws', () => Object.defineProperty(new Error(), 'message', { get: throwing })],
    ['a revoked proxy', revoked],
    ['a proxy that throws', () => new Proxy({}, { get: throwing, getPrototypeOf: throwing })],
  ])('is some text for %s as well', (_, thrown) => {
    expect(messageOf(thrown())).toBe('something without a text was thrown');
  });
});
