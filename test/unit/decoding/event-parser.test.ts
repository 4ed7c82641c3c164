import anchor, { type Idl } from '@coral-xyz/anchor';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventParser } from '../../../src/decoding/event-parser.js';
import { key, OURS, ROUTER, TOKEN } from './fake-transaction.js';

const struct = (name: string, fields: { name: string; type: 'u64' | 'string' | 'pubkey' }[]) => ({
  name,
  type: { kind: 'struct' as const, fields },
});
const discriminators = { sold: [1, 1, 1, 1, 1, 1, 1, 1], named: [2, 2, 2, 2, 2, 2, 2, 2] };
const idl: Idl = {
  address: OURS,
  metadata: { name: 'shop', version: '0.1.0', spec: '0.1.0' },
  instructions: [],
  events: Object.entries(discriminators).map(([name, discriminator]) => ({ name, discriminator })),
  types: [
    struct('sold', [
      { name: 'coupon', type: 'pubkey' },
      { name: 'price', type: 'u64' },
    ]),
    struct('named', [{ name: 'name', type: 'string' }]),
  ],
};
const coder = new anchor.BorshCoder(idl);
const programId = new anchor.web3.PublicKey(OURS);
const theirs = new anchor.EventParser(programId, coder);
const ours = new EventParser(programId, coder);

const encoded = (name: 'sold' | 'named', value: object) =>
  Buffer.concat([Buffer.from(discriminators[name]), coder.types.encode(name, value)]).toString('base64');
const sold = (price: number) =>
  encoded('sold', { coupon: new anchor.web3.PublicKey(key(30)), price: new anchor.BN(price) });
const named = (name: string) => encoded('named', { name });

const parsed = (parser: { parseLogs(logs: string[]): Iterable<unknown> }, logs: string[]): unknown[] => [
  ...parser.parseLogs(logs),
];
/** The prices sold, or names, or what was thrown: enough to compare at a glance. */
function glance(parser: { parseLogs(logs: string[]): Iterable<unknown> }, logs: string[]): string {
  try {
    return parsed(parser, logs)
      .map((event) => {
        const { price, name } = (event as { data: { price?: { toString(): string }; name?: string } }).data;
        return price?.toString() ?? name ?? '?';
      })
      .join(' ');
  } catch {
    return 'throws';
  }
}

const data = (payload: string) => `Program data: ${payload}`;
const frame = (program: string, depth: number, ...lines: string[]) => [
  `Program ${program} invoke [${depth}]`,
  ...lines,
  `Program ${program} consumed 100 of 200000 compute units`,
  `Program ${program} success`,
];

describe('EventParser is a drop-in for Anchor 0.32.1 on the logs it reads rightly', () => {
  it('yields equal events of transactions that invoke the program directly', () => {
    const quiet = fc.constantFrom(
      'Program log: Instruction: Buy',
      'Program log: saved',
      `Program return: ${OURS} AQ==`,
    );
    const emitted = fc.oneof(
      fc.nat().map((price) => data(sold(price))),
      fc.string().map((name) => data(named(name))),
      fc.constant(data('AAAA')),
    );
    const callee = fc.array(quiet).map((lines) => frame(TOKEN, 2, ...lines));
    const body = fc
      .array(
        fc.oneof(
          quiet.map((line) => [line]),
          emitted.map((line) => [line]),
          callee,
        ),
      )
      .map((parts) => parts.flat());
    const instruction = fc.oneof(
      body.map((lines) => frame(OURS, 1, ...lines)),
      fc.array(quiet).map((lines) => frame(ROUTER, 1, ...lines, ...frame(TOKEN, 2))),
    );
    fc.assert(
      fc.property(fc.array(instruction), (instructions) => {
        const logs = instructions.flat();
        expect(parsed(ours, logs)).toEqual(parsed(theirs, logs));
      }),
      { numRuns: 500 },
    );
  });

  it('yields nothing of no logs', () => {
    expect(parsed(ours, [])).toEqual([]);
    expect(parsed(theirs, [])).toEqual([]);
  });

  it('throws on an undecodable data line when asked to, as Anchor does', () => {
    const logs = frame(OURS, 1, data(sold(1)), data('AAAA'), data(sold(2)));
    const decodeAll = (parser: EventParser | typeof theirs) => () => [...parser.parseLogs(logs, true)];
    expect(decodeAll(ours)).toThrow('Unable to decode event AAAA');
    expect(decodeAll(theirs)).toThrow('Unable to decode event AAAA');
  });

  it('works with the coder of a program whose IDL is not at hand', () => {
    const bare = { events: { decode: (payload: string) => (payload === 'AAAA' ? null : { payload }) } };
    const parser = new EventParser(OURS, bare);
    expect([...parser.parseLogs(frame(OURS, 1, data('AAAA'), data('AQ==')))]).toEqual([{ payload: 'AQ==' }]);
    const throwing = new EventParser(OURS, { events: { decode: (): object => JSON.parse('{') as object } });
    expect([...throwing.parseLogs(frame(OURS, 1, data('AQ==')))]).toEqual([]);
    expect([...new EventParser('not a key', coder).parseLogs(frame(OURS, 1, data(sold(1))))]).toEqual([]);
  });
});

describe('EventParser where our codec cannot read a type', () => {
  it('leaves it to the coder', () => {
    const types = idl.types!.map((type) => ({ ...type, serialization: { custom: 'own' } }));
    const parser = new EventParser(programId, new anchor.BorshCoder({ ...idl, types }));
    const logs = frame(OURS, 1, data(sold(1)), data(named('x')));
    expect(parsed(parser, logs)).toEqual(parsed(theirs, logs));
    expect(parsed(parser, logs)).toHaveLength(2);
  });
});

describe('EventParser differs where Anchor 0.32.1 is wrong (TRAPS 1, I10, I11)', () => {
  const short = Buffer.from(discriminators.sold).toString('base64');
  const trailing = Buffer.concat([Buffer.from(sold(1), 'base64'), Buffer.alloc(1)]).toString('base64');
  const differences: { what: string; logs: string[]; anchor: string; mooring: string }[] = [
    {
      what: 'the program was invoked by another: its events are lost',
      logs: frame(ROUTER, 1, ...frame(OURS, 2, data(sold(1)))),
      anchor: '',
      mooring: '1',
    },
    {
      what: 'a callee logs the word "invoke": the next event is lost',
      logs: frame(OURS, 1, ...frame(TOKEN, 2, 'Program log: will invoke hook'), data(sold(1))),
      anchor: '',
      mooring: '1',
    },
    {
      what: 'the program itself prints the log line of an invocation: the next event is lost',
      logs: frame(OURS, 1, data(sold(1)), `Program return: ${TOKEN} invoke`, data(sold(2))),
      anchor: '1',
      mooring: '1 2',
    },
    {
      what: 'a message that is base64 of an event: forged',
      logs: frame(OURS, 1, `Program log: ${sold(666)}`),
      anchor: '666',
      mooring: '',
    },
    {
      what: 'an event of only a discriminator: filled with zeros',
      logs: frame(OURS, 1, data(short)),
      anchor: '0',
      mooring: '',
    },
    {
      what: 'an event with bytes left over: taken',
      logs: frame(OURS, 1, data(trailing)),
      anchor: '1',
      mooring: '',
    },
    {
      what: 'a failed transaction: its events are yielded',
      logs: [`Program ${OURS} invoke [1]`, data(sold(1)), `Program ${OURS} failed: custom program error: 0x1`],
      anchor: '1',
      mooring: '',
    },
    {
      what: 'events after the log was cut',
      logs: [`Program ${OURS} invoke [1]`, data(sold(1)), 'Log truncated', data(sold(2))],
      anchor: '1 2',
      mooring: '1',
    },
    {
      what: 'logs that begin in the middle',
      logs: ['Program log: hello', ...frame(OURS, 1, data(sold(1)))],
      anchor: 'throws',
      mooring: '1',
    },
    {
      what: 'a text longer than the payload: read as empty',
      logs: frame(
        OURS,
        1,
        data(Buffer.from([...discriminators.named, 255, 255, 255, 255]).toString('base64')),
        data(sold(1)),
      ),
      anchor: ' 1',
      mooring: '1',
    },
    {
      what: 'a frame that ends twice',
      logs: [...frame(OURS, 1, data(sold(1))), `Program ${OURS} success`, ...frame(OURS, 1, data(sold(2)))],
      anchor: 'throws',
      mooring: '1 2',
    },
    {
      what: 'a line "Program <ours> log:" in the frame of another: believed',
      logs: frame(ROUTER, 1, `Program ${OURS} log: x`, data(sold(1))),
      anchor: '1',
      mooring: '',
    },
  ];

  it.each(differences.map((difference) => [difference.what, difference] as const))(
    '%s',
    (_, { logs, anchor: anchors, mooring }) => {
      expect({ anchor: glance(theirs, logs), mooring: glance(ours, logs) }).toEqual({ anchor: anchors, mooring });
    },
  );

  it('never throws', () => {
    const line = fc.oneof(
      fc.string(),
      fc.constantFrom(OURS, ROUTER).map((program) => `Program ${program} invoke [1]`),
      fc.constantFrom(`Program ${OURS} success`, 'Program data: ', data(short), data(sold(1))),
      fc.uint8Array().map((bytes) => data(Buffer.from([...discriminators.named, ...bytes]).toString('base64'))),
    );
    fc.assert(fc.property(fc.array(line), (logs) => void parsed(ours, logs)));
  });
});
