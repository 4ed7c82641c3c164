import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSubscriptionMessage } from '../../../src/chain/subscription-message.js';

const parse = (message: unknown) => parseSubscriptionMessage(JSON.stringify(message));
const logs = (value: object) => ({
  jsonrpc: '2.0',
  method: 'logsNotification',
  params: { result: { context: { apiVersion: '4.1.2', slot: 101 }, value }, subscription: 0 },
});

describe('parseSubscriptionMessage', () => {
  it('reads acknowledgements, also the one that is numbered 0', () => {
    expect(parse({ jsonrpc: '2.0', result: 0, id: 1 })).toEqual({ kind: 'ack', requestId: 1, subscription: '0' });
    expect(parse({ jsonrpc: '2.0', result: 'abc', id: 2 })).toEqual({ kind: 'ack', requestId: 2, subscription: 'abc' });
  });

  it('reads rejections', () => {
    expect(parse({ jsonrpc: '2.0', error: { code: -32091, message: 'Subscription rejected' }, id: 3 })).toEqual({
      kind: 'rejected',
      requestId: 3,
      code: -32091,
      message: 'Subscription rejected',
    });
  });

  it('reads logs; null (none kept) and empty (none written) stay apart', () => {
    expect(parse(logs({ err: null, logs: ['a', ''], signature: 's' }))).toEqual({
      kind: 'logs',
      subscription: '0',
      slot: 101,
      signature: 's',
      logs: ['a', ''],
      failed: false,
    });
    expect(parse(logs({ err: 'BlockhashNotFound', logs: null, signature: 's' }))).toMatchObject({
      logs: null,
      failed: true,
    });
    expect(parse(logs({ err: null, logs: [], signature: 's' }))).toMatchObject({ logs: [], failed: false });
  });

  it('reads slots', () => {
    const message = {
      method: 'slotNotification',
      params: { result: { parent: 33, root: 3, slot: 34 }, subscription: 2 },
    };
    expect(parse(message)).toEqual({ kind: 'slot', subscription: '2', slot: 34, parent: 33, root: 3 });
  });

  it.each([
    'garbage',
    '',
    '[]',
    'null',
    '{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"},"id":null}',
    '{"method":"logsNotification"}',
    '{"method":"somethingElse","params":{"subscription":1,"result":{}}}',
    JSON.stringify(logs({ logs: [], signature: 's' })),
    JSON.stringify(logs({ err: null, logs: 'no list', signature: 's' })),
    JSON.stringify(logs({ err: null, logs: [7], signature: 's' })),
    JSON.stringify(logs({ err: null, logs: [], signature: '' })),
  ])('does not understand %s', (text) => {
    expect(parseSubscriptionMessage(text)).toEqual({ kind: 'unknown' });
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseSubscriptionMessage(text)));
    const nested = fc.record({
      method: fc.constantFrom('logsNotification', 'slotNotification'),
      params: fc.jsonValue(),
    });
    fc.assert(fc.property(nested, (message) => void parse(message)));
  });
});
