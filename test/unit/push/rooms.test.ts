import { describe, expect, it } from 'vitest';
import { isAllowedOrigin } from '../../../src/push/allowed-origin.js';
import { RequestBudget } from '../../../src/push/request-budget.js';
import { readRooms, roomKinds } from '../../../src/push/rooms.js';

const ADDRESS = '2U7G18mRwqf1gVRiy942GXZx1ywwcBQW8dpfeXKwGov4';
const kinds = roomKinds([{ rooms: { packets: 'address' } }, { rooms: { wallets: 'address', games: 'text' } }]);

describe('the rooms a client asks for (000-7)', () => {
  it('are read by their kinds, each once', () => {
    expect(readRooms(kinds, { packets: [ADDRESS, ADDRESS, '*'], games: ['chess:1'] })).toEqual({
      ok: true,
      rooms: [`packets/${ADDRESS}`, 'packets/*', 'games/chess:1'],
    });
    expect(readRooms(kinds, { since: 7 }, ['since'])).toEqual({ ok: true, rooms: [] });
  });

  it.each([
    [undefined, 'bad-request', 'Send an object such as { "packets": ["*"] }.'],
    [[], 'bad-request', 'Send an object'],
    [{ rooms: [] }, 'bad-request', 'no rooms of the kind "rooms"; there are packets, wallets, games'],
    [{ packets: ADDRESS }, 'bad-request', 'packets must be a list'],
    [{ packets: ['x/y'] }, 'bad-room', '"x/y" in packets is not a base58 address, nor "*"'],
    [{ games: ['a b'] }, 'bad-room', 'is not a text of at most 128'],
    [{ games: [{}] }, 'bad-room', '{} in games'],
    [{ games: ['g'.repeat(200)] }, 'bad-room', 'ggg in games'],
  ])('%j is refused as %s', (request, code, words) => {
    const reading = readRooms(kinds, request);
    expect(reading).toMatchObject({ ok: false, code });
    expect(reading.ok ? '' : reading.message).toContain(words);
  });
});

describe('an origin', () => {
  it.each([
    [undefined, 'a.com', [], true],
    ['https://a.com', 'a.com', [], true],
    ['http://127.0.0.1:3000', '127.0.0.1:3000', [], true],
    ['http://127.0.0.1:3001', '127.0.0.1:3000', [], false],
    ['https://a.com.evil.com', 'a.com', [], false],
    ['null', 'a.com', [], false],
    ['https://b.com', undefined, [], false],
    ['https://b.com', 'a.com', ['https://b.com'], true],
    ['http://b.com', 'a.com', ['https://b.com'], false],
    ['https://b.com', 'a.com', ['*'], true],
  ])('%s at the host %s, with %j allowed: %s', (origin, host, allowed, expected) => {
    expect(isAllowedOrigin({ origin, host }, allowed)).toBe(expected);
  });
});

it('a budget allows a burst, then two requests a second, and saves no more than the burst', () => {
  const budget = new RequestBudget(0);
  const spent = (at: number) => Array.from({ length: 50 }, () => budget.spend(at)).filter(Boolean).length;
  expect([spent(0), spent(100), spent(1_000), spent(1_000_000)]).toEqual([20, 0, 2, 20]);
});
