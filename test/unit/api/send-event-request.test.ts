import { expect, it } from 'vitest';
import { sendEventSchema } from '../../../src/api/send-event-request.js';

const schema = sendEventSchema(['coupons']);
const faults = (body: string) =>
  schema.safeParse(JSON.parse(body)).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];
const withPayload = (payload: string) => faults(`{"id":"1","name":"a","payload":${payload}}`);

it('002-1: a payload is taken as it is, whatever its names begin with', () => {
  const payload = { $set: { 'a.b': 1 }, list: [null, 'x', { constructor: 1 }], length: 2 };
  expect(schema.parse({ id: '1', name: 'a', payload }).payload).toEqual(payload);
});

it.each([
  ['{"__proto__":{"admin":true}}', 'payload: must have nothing named __proto__; name it otherwise'],
  ['{"a":[{"__proto__":1}]}', 'payload: must have nothing named __proto__; name it otherwise'],
  ['{"a":{"_bsontype":"MinKey"}}', 'payload: must have nothing named _bsontype; name it otherwise'],
  ['{"a":1e999}', 'payload: must have no numbers beyond 1.7e308; send a text'],
  ['{"a\\u0000":1}', 'payload: must have no names with a NUL character in them'],
  ['[1]', 'payload: must be a JSON object'],
  ['null', 'payload: must be a JSON object'],
  ['"text"', 'payload: must be a JSON object'],
])('002-1: %s would come back as something else, and is refused', (payload, fault) => {
  expect(withPayload(payload)).toEqual([fault]);
});

it('002-1: nobody but the chain sends its events', () => {
  expect(faults('{"id":"1","name":"coupons.CouponSold","payload":{},"source":"chain"}')).toEqual([
    'name: must not begin with "coupons.": so begin the events of the program coupons; name it otherwise',
    'source: must not be "chain", which only chain events are of; name your own',
  ]);
});
