import { describe, expect, it } from 'vitest';
import { orderKeyOf } from '../../../../src/delivery/desk/order-key.js';
import { orderPosition, positionMs } from '../../../../src/delivery/desk/order-position.js';
import { fullBucket, msUntilToken, refilled } from '../../../../src/delivery/desk/token-bucket.js';
import { risingIds } from '../../../../src/delivery/new-id.js';
import type { EventRecord } from '../../../../src/delivery/records/event-record.js';

const record = (given: Partial<EventRecord> = {}) =>
  ({
    ...{ _id: 'evt_1', eventId: 'e', source: 'app', payload: {}, context: {} },
    ...{ deliverAt: new Date(1_000), createdAt: new Date(1_000) },
    ...given,
  }) as EventRecord;

describe('the order key of an event', () => {
  it('is the value at the path, by own properties only', () => {
    const one = record({ payload: { owner: { name: 'ada' } } });
    expect(orderKeyOf(null, one)).toBeNull();
    expect(orderKeyOf(['payload', 'owner', 'name'], one)).toBe('="ada"');
    expect(orderKeyOf(['payload', 'constructor'], one)).toBe('none');
    expect(orderKeyOf(['payload', 'owner', 'name', 'length'], one)).toBe('none');
  });

  it('tells a number from a text, and shortens what is long', () => {
    expect(orderKeyOf(['payload', 'n'], record({ payload: { n: 1 } }))).not.toBe(
      orderKeyOf(['payload', 'n'], record({ payload: { n: '1' } })),
    );
    const long = record({ payload: { n: 'x'.repeat(10_000) } });
    expect(orderKeyOf(['payload', 'n'], long)?.length).toBeLessThan(100);
  });
});

describe('the place of an event', () => {
  it('is by its moment, then as it came, then by ids that rise', () => {
    const nextId = risingIds('evt');
    const inOrder = [
      record({ deliverAt: new Date(999), createdAt: new Date(5_000) }),
      ...Array.from({ length: 50 }, () => record({ _id: nextId() })),
      record({ createdAt: new Date(1_001) }),
      record({ deliverAt: new Date(10_000) }),
    ].map(orderPosition);
    expect([...inOrder].sort()).toEqual(inOrder);
    expect(inOrder[1]).toMatch(/\/evt_[0-9a-f]{24}$/);
    expect(positionMs(inOrder.at(-1) ?? '')).toBe(10_000);
  });
});

describe('a rate', () => {
  it('lets a second of it go at once, then one after another', () => {
    let bucket = fullBucket(2, 0);
    expect(bucket.tokens).toBe(2);
    bucket = { ...bucket, tokens: 0 };
    expect(msUntilToken(bucket, 2)).toBe(500);
    expect(refilled(bucket, 2, 500).tokens).toBe(1);
    expect(refilled(bucket, 2, 60_000).tokens).toBe(2);
    expect(fullBucket(0.1, 0).tokens).toBe(1);
  });
});
