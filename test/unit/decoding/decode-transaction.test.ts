import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeTransaction } from '../../../src/decoding/decode-transaction.js';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import { parseTransaction } from '../../../src/decoding/parse-transaction.js';
import type { ObservedTransaction } from '../../../src/decoding/types.js';
import {
  anyTransaction,
  data,
  invocation,
  invoke,
  message,
  OURS,
  renderTransaction,
  ROUTER,
  selfEvent,
  SIGNATURE,
  type RenderedTransaction,
} from './fake-transaction.js';

const codec = compileProgramCodec({
  address: OURS,
  events: [{ name: 'Sold', discriminator: [1] }],
  types: [{ name: 'Sold', type: { kind: 'struct', fields: [{ name: 'coupon_price', type: 'u8' }] } }],
});
const sold = (price: number) => Uint8Array.of(1, price);

const socket = ({ logs }: Pick<RenderedTransaction, 'logs'>): ObservedTransaction => ({
  signature: SIGNATURE,
  slot: 5,
  failed: false,
  logs,
  trace: null,
});
function fetched(rendered: RenderedTransaction): ObservedTransaction {
  const parsed = parseTransaction(rendered.json);
  if (!parsed.ok) throw new Error(parsed.detail);
  return parsed.transaction;
}
const logAt = (ordinal: number, place: number, price: number) => ({
  id: `${SIGNATURE}/log/${ordinal}`,
  channel: 'log',
  ordinal,
  place,
  raw: sold(price),
  name: 'Sold',
  data: { couponPrice: price },
});

describe('decodeTransaction', () => {
  it('gives the events of both channels in the order they were emitted (I11)', () => {
    const rendered = renderTransaction([
      invocation(
        ROUTER,
        data(sold(9)),
        invoke(invocation(OURS, data(sold(1)), invoke(selfEvent(sold(2))), data(sold(3)))),
      ),
      invocation(OURS, message(`\nProgram ${OURS} invoke [1]`), data(sold(4))),
    ]);
    // The data line of the router is the first of the transaction: ids count them all, whoever wrote them.
    const cpi = { ...logAt(0, 3 * 65536, 2), id: `${SIGNATURE}/cpi/0`, channel: 'cpi' };
    expect(decodeTransaction(codec, fetched(rendered))).toEqual({
      events: [logAt(1, 2 * 65536 + 1, 1), cpi, logAt(2, 3 * 65536 + 1, 3), logAt(3, 4 * 65536 + 1, 4)],
      undecodable: [],
      truncated: false,
      needs: 'nothing',
    });
    expect(decodeTransaction(codec, socket(rendered))).toMatchObject({
      events: [logAt(1, 2 * 65536 + 1, 1), logAt(2, 3 * 65536 + 1, 3), logAt(3, 4 * 65536 + 1, 4)],
      needs: 'transaction',
    });
  });

  it('parks what it cannot decode with its raw bytes and keeps its ordinal (I1)', () => {
    const unknown = Uint8Array.of(8, 8);
    const rendered = renderTransaction([
      invocation(OURS, data(unknown), data(sold(1)), invoke(selfEvent(Uint8Array.of(1))), invoke(selfEvent(sold(2)))),
    ]);
    expect(decodeTransaction(codec, fetched(rendered))).toMatchObject({
      events: [logAt(1, 65536 + 2, 1), { id: `${SIGNATURE}/cpi/1`, place: 3 * 65536 }],
      undecodable: [
        {
          id: `${SIGNATURE}/log/0`,
          channel: 'log',
          ordinal: 0,
          place: 65537,
          raw: unknown,
          reason: 'unknown-discriminator',
        },
        {
          id: `${SIGNATURE}/cpi/0`,
          channel: 'cpi',
          ordinal: 0,
          place: 2 * 65536,
          raw: Uint8Array.of(1),
          reason: 'short',
        },
      ],
    });
  });

  it('parks a data line that is not base64 with its text, and joins the fields of one call (I1)', () => {
    const logs = [
      `Program ${OURS} invoke [1]`,
      'Program data: AQ',
      'Program data: A*Q=',
      'Program data: AQ== Bw==',
      'Program data: AQ== *',
      'Program data: ',
      `Program ${OURS} success`,
    ];
    const { events, undecodable } = decodeTransaction(codec, socket({ logs }));
    expect(events).toEqual([logAt(2, 65537 + 2, 7)]);
    const text = (value: string) => new Uint8Array(Buffer.from(value));
    expect(undecodable).toMatchObject([
      { ordinal: 0, reason: 'invalid', raw: text('AQ') },
      { ordinal: 1, reason: 'invalid', raw: text('A*Q=') },
      { ordinal: 3, reason: 'invalid', raw: text('AQ== *') },
      { ordinal: 4, reason: 'unknown-discriminator', raw: new Uint8Array(0) },
    ]);
  });

  it('finds nothing in failed transactions and under the placeholder signature (I10, TRAPS 4)', () => {
    const whole = fetched(renderTransaction([invocation(OURS, data(sold(1)), invoke(selfEvent(sold(2))))]));
    const nothing = { events: [], undecodable: [], truncated: false, needs: 'nothing' };
    expect(decodeTransaction(codec, whole).events).toHaveLength(2);
    expect(decodeTransaction(codec, { ...whole, failed: true })).toEqual(nothing);
    expect(decodeTransaction(codec, { ...whole, failed: true, logs: null })).toEqual(nothing);
    expect(decodeTransaction(codec, { ...whole, signature: '1'.repeat(64) })).toEqual(nothing);
  });

  it('asks another node for logs this one does not keep, but not for logs there are none of (TRAPS 4)', () => {
    const whole = fetched(renderTransaction([invocation(OURS, data(sold(1)), invoke(selfEvent(sold(2))))]));
    expect(decodeTransaction(codec, { ...whole, logs: null })).toMatchObject({
      events: [{ channel: 'cpi' }],
      needs: 'logs',
    });
    expect(decodeTransaction(codec, { ...whole, logs: null, trace: null })).toMatchObject({
      events: [],
      needs: 'logs',
    });
    expect(decodeTransaction(codec, { ...whole, logs: [], trace: null })).toMatchObject({
      events: [],
      needs: 'nothing',
    });
  });

  it('gives no ordinals after a cut, and takes cpi events from the transaction nevertheless (TRAPS 2)', () => {
    const rendered = renderTransaction([invocation(OURS, data(sold(1)), data(sold(2)), invoke(selfEvent(sold(3))))]);
    const logs = [...rendered.logs.slice(0, 2), 'Log truncated', ...rendered.logs.slice(2)];
    expect(decodeTransaction(codec, socket({ logs }))).toEqual({
      events: [logAt(0, 65537, 1)],
      undecodable: [],
      truncated: true,
      needs: 'transaction',
    });
    expect(decodeTransaction(codec, { ...fetched(rendered), logs })).toMatchObject({
      events: [logAt(0, 65537, 1), { id: `${SIGNATURE}/cpi/0` }],
      truncated: true,
      needs: 'nothing',
    });
  });

  it('says the same from a notice and from the transaction, and needs the transaction exactly for cpi events (I1)', () => {
    fc.assert(
      fc.property(anyTransaction, (rendered) => {
        const whole = decodeTransaction(codec, fetched(rendered));
        const notice = decodeTransaction(codec, socket(rendered));
        const all = [...whole.events, ...whole.undecodable].sort((a, b) => a.place - b.place);
        expect(all.map(({ channel, place, raw }) => ({ channel, place, payload: Buffer.from(raw) }))).toEqual(
          rendered.expected.map((event) => ({ ...event, payload: Buffer.from(event.payload) })),
        );
        for (const list of [whole.events, whole.undecodable])
          expect(list).toEqual(all.filter((event) => list.some(({ id }) => id === event.id)));
        for (const channel of ['log', 'cpi']) {
          const ordinals = all.filter((event) => event.channel === channel).map(({ ordinal }) => ordinal);
          expect(ordinals).toEqual([...new Set(ordinals)].sort((a, b) => a - b));
        }
        const inLogs = { events: whole.events.filter(isLogged), undecodable: whole.undecodable.filter(isLogged) };
        expect(notice).toMatchObject(inLogs);
        expect(whole.needs).toBe('nothing');
        if (all.some(({ channel }) => channel === 'cpi')) expect(notice.needs).toBe('transaction');
        else expect(notice).toEqual({ ...whole, needs: notice.needs });
      }),
      { numRuns: 500 },
    );
  });
});

function isLogged({ channel }: { channel: string }): boolean {
  return channel === 'log';
}
