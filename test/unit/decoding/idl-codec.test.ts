import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import type { DecodeResult, Idl, IdlTypeDefinition } from '../../../src/decoding/types.js';
import { MooringError } from '../../../src/lib/errors.js';
import { anySample, type Sample } from './borsh-samples.js';
import { AUTHORITY, key, OURS } from './fake-transaction.js';

const DISCRIMINATOR = [1, 2, 3, 4, 5, 6, 7, 8];

/** An IDL whose one event and one account are `Thing`, with the definitions given. */
function idlOf(fields: unknown, definitions: readonly IdlTypeDefinition[] = []): Idl {
  const thing = [{ name: 'Thing', discriminator: DISCRIMINATOR }];
  const type = { name: 'Thing', type: { kind: 'struct', fields } };
  return { address: OURS, events: thing, accounts: thing, types: [type, ...definitions] };
}
const withDiscriminator = (bytes: readonly number[]) => Uint8Array.from([...DISCRIMINATOR, ...bytes]);
const decodeField = (
  type: unknown,
  bytes: readonly number[],
  definitions: readonly IdlTypeDefinition[] = [],
): DecodeResult =>
  compileProgramCodec(idlOf([{ name: 'field', type }], definitions)).decodeEvent(withDiscriminator(bytes));
const field = (value: unknown) => ({ ok: true, name: 'Thing', data: { field: value } });
const codecOf = ({ type, definitions }: Sample) => compileProgramCodec(idlOf([{ name: 'field', type }], definitions));

describe('codec round trip', () => {
  it('decodes every type to the value that was encoded', () => {
    fc.assert(
      fc.property(anySample, (sample) => {
        const bytes = withDiscriminator(sample.bytes);
        const codec = codecOf(sample);
        expect(codec.unsupported).toEqual([]);
        expect(codec.decodeEvent(bytes)).toEqual(field(sample.value));
        expect(codec.decodeAccount(bytes)).toEqual(field(sample.value));
      }),
      { numRuns: 1000 },
    );
  });

  it('does not depend on where the bytes lie in memory', () => {
    fc.assert(
      fc.property(anySample, fc.nat(9), (sample, offset) => {
        const padded = Uint8Array.from([
          ...new Array<number>(offset).fill(255),
          ...withDiscriminator(sample.bytes),
          255,
        ]);
        const view = padded.subarray(offset, padded.length - 1);
        expect(codecOf(sample).decodeEvent(view)).toEqual(field(sample.value));
      }),
    );
  });
});

describe('codec strictness (I1, I11, TRAPS 1)', () => {
  it('takes an event to the last byte: any shorter is short, any longer trailing', () => {
    fc.assert(
      fc.property(anySample, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 5 }), (sample, at, extra) => {
        const whole = withDiscriminator(sample.bytes);
        const codec = codecOf(sample);
        expect(codec.decodeEvent(Uint8Array.from([...whole, ...extra]))).toMatchObject({
          ok: false,
          reason: 'trailing',
        });
        if (sample.bytes.length === 0) return;
        const shorter = codec.decodeEvent(whole.subarray(0, 8 + (at % sample.bytes.length)));
        expect(shorter).toMatchObject({ ok: false, reason: 'short', name: 'Thing' });
      }),
    );
  });

  it('ignores allocated space behind an account', () => {
    fc.assert(
      fc.property(anySample, fc.uint8Array(), (sample, space) => {
        const account = Uint8Array.from([...withDiscriminator(sample.bytes), ...space]);
        expect(codecOf(sample).decodeAccount(account)).toEqual(field(sample.value));
      }),
    );
  });

  it('is total on any bytes, and what it accepts it read completely', () => {
    fc.assert(
      fc.property(anySample, fc.uint8Array({ maxLength: 200 }), (sample, bytes) => {
        const codec = codecOf(sample);
        for (const input of [bytes, withDiscriminator([...bytes])]) {
          const event = codec.decodeEvent(input);
          const account = codec.decodeAccount(input);
          if (event.ok) expect(account).toEqual(event);
          else expect(event.detail).not.toBe('');
          if (!account.ok) expect(event.ok).toBe(false);
        }
      }),
    );
  });

  it.each<[string, unknown, number[], string]>([
    ['bool 2', 'bool', [2], 'Thing.field: bool is 2, not 0 or 1'],
    ['option tag 2', { option: 'u8' }, [2, 1], 'Thing.field: option is 2, not 0 or 1'],
    ['coption tag 2', { coption: 'u8' }, [2, 0, 0, 0, 1], 'Thing.field: coption is 2, not 0 or 1'],
    ['half a character', 'string', [1, 0, 0, 0, 0xc3], 'Thing.field: not UTF-8'],
    ['a surrogate', 'string', [3, 0, 0, 0, 0xed, 0xa0, 0x80], 'Thing.field: not UTF-8'],
    ['an enum tag out of range', { defined: { name: 'Status' } }, [2], 'Thing.field: variant 2 of 2'],
    ['an element', { vec: 'bool' }, [2, 0, 0, 0, 1, 7], 'Thing.field[1]: bool is 7, not 0 or 1'],
  ])('refuses %s', (_, type, bytes, detail) => {
    const status = { name: 'Status', type: { kind: 'enum', variants: [{ name: 'A' }, { name: 'B' }] } };
    expect(decodeField(type, bytes, [status])).toEqual({ ok: false, reason: 'invalid', name: 'Thing', detail });
  });

  it.each<[string, unknown, number[]]>([
    ['vectors', { vec: 'u64' }, [255, 255, 255, 255]],
    ['byte strings', 'bytes', [255, 255, 255, 255]],
    ['strings', 'string', [255, 255, 255, 255]],
    ['vectors of what takes no bytes', { vec: { defined: { name: 'Unit' } } }, [255, 255, 255, 255]],
    ['vectors of arrays', { vec: { array: ['u64', 1000] } }, [2, 0, 0, 0, 1, 1, 1]],
    ['arrays', { array: ['u64', 1_000_000] }, [1, 1, 1]],
    ['byte arrays', { array: ['u8', 1_000_000] }, [1, 1, 1]],
  ])('allocates nothing for lengths that cannot be: %s', (_, type, bytes) => {
    const unit = { name: 'Unit', type: { kind: 'struct' } };
    expect(decodeField(type, bytes, [unit])).toMatchObject({ ok: false, reason: 'short' });
  });

  it('keeps a byte order mark, as Rust does', () => {
    expect(decodeField('string', [4, 0, 0, 0, 0xef, 0xbb, 0xbf, 65])).toEqual(field('\ufeffA'));
  });

  it('reads coption with the bytes of the value always there', () => {
    expect(decodeField({ coption: 'u16' }, [1, 0, 0, 0, 5, 0])).toEqual(field(5));
    expect(decodeField({ coption: 'bool' }, [0, 0, 0, 0, 9])).toEqual(field(null));
    expect(decodeField({ coption: 'u16' }, [0, 0, 0, 0])).toMatchObject({ reason: 'short' });
  });
});

describe('codec types', () => {
  const named = (name: string, generics?: unknown) => ({ defined: { name, ...(generics ? { generics } : {}) } });
  const struct = (name: string, fields: unknown, generics?: unknown): IdlTypeDefinition => ({
    name,
    type: { kind: 'struct', fields },
    ...(generics ? { generics } : {}),
  });

  it('reads types that contain themselves, down to a depth that cannot exhaust the stack', () => {
    const node = struct('Node', [{ name: 'children', type: { vec: named('Node') } }]);
    expect(decodeField(named('Node'), [2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], [node])).toEqual(
      field({ children: [{ children: [] }, { children: [{ children: [] }] }] }),
    );
    const deep = new Array<number[]>(100_000).fill([1, 0, 0, 0]).flat();
    expect(decodeField(named('Node'), deep, [node])).toMatchObject({ reason: 'invalid', name: 'Thing' });
    const endless = struct('Endless', [named('Endless'), named('Endless')]);
    expect(decodeField(named('Endless'), [], [endless])).toMatchObject({ reason: 'invalid' });
  });

  it('binds generic types and lengths', () => {
    const pair = struct(
      'Pair',
      [
        { name: 'first', type: { generic: 'T' } },
        { name: 'rest', type: { array: [{ generic: 'T' }, { generic: 'N' }] } },
      ],
      [
        { kind: 'type', name: 'T' },
        { kind: 'const', name: 'N', type: 'usize' },
      ],
    );
    const outer = struct(
      'Outer',
      [
        {
          name: 'pair',
          type: named('Pair', [
            { kind: 'type', type: { option: { generic: 'U' } } },
            { kind: 'const', value: '2' },
          ]),
        },
      ],
      [{ kind: 'type', name: 'U' }],
    );
    const type = named('Outer', [{ kind: 'type', type: 'u8' }]);
    expect(decodeField(type, [1, 5, 0, 1, 6], [pair, outer])).toEqual(field({ pair: { first: 5, rest: [null, 6] } }));
    const other = named('Outer', [{ kind: 'type', type: 'u16' }]);
    expect(decodeField({ array: [other, 1] }, [1, 5, 0, 0, 0], [pair, outer])).toEqual(
      field([{ pair: { first: 5, rest: [null, null] } }]),
    );
  });

  it('makes byte strings of u8 behind an alias or a generic too', () => {
    const alias = { name: 'Byte', type: { kind: 'type', alias: 'u8' } };
    expect(decodeField({ array: [named('Byte'), 2] }, [1, 2], [alias])).toEqual(field(Uint8Array.of(1, 2)));
  });

  it.each<[string, unknown, IdlTypeDefinition[], string]>([
    ['an unknown type', 'u7', [], 'type u7 is unknown'],
    ['an unknown composite', { hashMap: ['u8', 'u8'] }, [], 'type {"hashMap":["u8","u8"]} is unknown'],
    ['a missing definition', named('Nope'), [], 'type Nope is not defined'],
    [
      'custom serialization',
      named('C'),
      [{ ...struct('C', []), serialization: { custom: 'x' } }],
      'serialized as {"custom":"x"}',
    ],
    [
      'memory with padding',
      named('C'),
      [{ ...struct('C', []), serialization: 'bytemuckunsafe', repr: { kind: 'c' } }],
      'bytemuckunsafe',
    ],
    ['an unbound generic', { generic: 'T' }, [], 'generic T is not bound'],
    [
      'missing generic arguments',
      named('G'),
      [struct('G', [], [{ kind: 'type', name: 'T' }])],
      'takes 1 generic arguments, not 0',
    ],
    ['an array without length', { array: ['u8'] }, [], 'array length'],
    ['an array longer than any account', { array: ['u8', 1e9] }, [], 'array length 1000000000'],
    ['a coption of a string', { coption: 'string' }, [], 'coption of a type without a fixed size'],
    [
      'two fields of one name',
      named('D'),
      [
        struct('D', [
          { name: 'a_b', type: 'u8' },
          { name: 'aB', type: 'u8' },
        ]),
      ],
      'two fields of one name',
    ],
    [
      'generics that expand for ever',
      named('G', [{ kind: 'type', type: 'u8' }]),
      [
        struct(
          'G',
          [named('G', [{ kind: 'type', type: { option: { generic: 'T' } } }])],
          [{ kind: 'type', name: 'T' }],
        ),
      ],
      'nested more than',
    ],
    ['no type', undefined, [], 'a type is undefined'],
  ])('says what it does not support: %s', (_, type, definitions, reason) => {
    const codec = compileProgramCodec(idlOf([{ name: 'field', type }], definitions));
    expect(codec.unsupported).toMatchObject([
      { what: 'event', name: 'Thing' },
      { what: 'account', name: 'Thing' },
    ]);
    expect(codec.unsupported[0]?.reason).toContain(reason);
    const result = codec.decodeEvent(withDiscriminator([0]));
    expect(result).toMatchObject({ ok: false, reason: 'invalid', name: 'Thing' });
  });

  it('reads packed zero-copy accounts', () => {
    const packed = {
      ...struct('P', ['u8', 'u64']),
      serialization: 'bytemuckunsafe',
      repr: { kind: 'rust', packed: true },
    };
    expect(decodeField(named('P'), [1, 2, 0, 0, 0, 0, 0, 0, 0], [packed])).toEqual(field({ '0': 1, '1': 2n }));
  });
});

describe('codec of a program', () => {
  const unit = (name: string): IdlTypeDefinition => ({ name, type: { kind: 'struct' } });

  it('knows the program, its event authority and its names', () => {
    const codec = compileProgramCodec(idlOf([]));
    expect(codec).toMatchObject({
      programId: OURS,
      eventAuthority: AUTHORITY,
      eventNames: ['Thing'],
      accountNames: ['Thing'],
    });
    expect(codec.accountDiscriminator('Thing')).toEqual(Uint8Array.from(DISCRIMINATOR));
    expect(codec.accountDiscriminator('Nothing')).toBeUndefined();
    expect(compileProgramCodec(idlOf([]), key(1)).programId).toBe(key(1));
  });

  it('tells unknown bytes from broken ones', () => {
    const codec = compileProgramCodec(idlOf([{ name: 'a', type: 'u64' }]));
    expect(codec.decodeEvent(Uint8Array.from(DISCRIMINATOR))).toMatchObject({ reason: 'short', name: 'Thing' });
    for (const bytes of [[], [1, 2, 3], [1, 2, 3, 4, 5, 6, 7, 9, 0, 0], [9, 9]]) {
      expect(codec.decodeEvent(Uint8Array.from(bytes))).toMatchObject({ reason: 'unknown-discriminator', name: null });
    }
  });

  it('tells discriminators of any length apart, the longest first', () => {
    const events = [
      { name: 'A', discriminator: [1] },
      { name: 'B', discriminator: [1, 2] },
      { name: 'C', discriminator: [2, 2, 2] },
    ];
    const codec = compileProgramCodec({ address: OURS, events, types: events.map(({ name }) => unit(name)) });
    const nameOf = (...bytes: number[]) => codec.decodeEvent(Uint8Array.from(bytes));
    expect(nameOf(1)).toMatchObject({ ok: true, name: 'A' });
    expect(nameOf(1, 2)).toMatchObject({ ok: true, name: 'B' });
    expect(nameOf(1, 3)).toMatchObject({ ok: false, reason: 'trailing', name: 'A' });
    expect(nameOf(2, 2)).toMatchObject({ ok: false, reason: 'unknown-discriminator' });
  });

  it('refuses an IDL it could only guess at', () => {
    const compile = (idl: unknown) => () => compileProgramCodec(idl as Idl);
    expect(compile({ address: 'nope' })).toThrow(MooringError);
    expect(compile({ version: '0.1.0', name: 'old' })).toThrow(/anchor idl convert/);
    for (const discriminator of [undefined, [], [256], [-1], [1.5], 'abc']) {
      expect(compile({ address: OURS, events: [{ name: 'A', discriminator }], types: [unit('A')] })).toThrow(
        /discriminator of A/,
      );
    }
    const twice = ['A', 'B'].map((name) => ({ name, discriminator: [1, 2] }));
    expect(compile({ address: OURS, events: twice, types: [unit('A'), unit('B')] })).toThrow(
      /discriminator of B is taken/,
    );
  });

  it('does not let one unsupported event spoil the others', () => {
    const events = ['A', 'B'].map((name, i) => ({ name, discriminator: [i] }));
    const codec = compileProgramCodec({ address: OURS, events, types: [unit('A')] });
    expect(codec.decodeEvent(Uint8Array.of(0))).toMatchObject({ ok: true, name: 'A' });
    expect(codec.decodeEvent(Uint8Array.of(1))).toMatchObject({ ok: false, detail: 'B: type B is not defined' });
  });

  it('refuses an event that is no struct', () => {
    const alias = { name: 'A', type: { kind: 'type', alias: 'u8' } };
    const codec = compileProgramCodec({ address: OURS, events: [{ name: 'A', discriminator: [1] }], types: [alias] });
    expect(codec.decodeEvent(Uint8Array.of(1, 1))).toMatchObject({ reason: 'invalid', detail: 'A is not a struct' });
  });
});

describe('IDLs by slot range (X-6)', () => {
  const versions = ['u8', 'u16', 'u32'].map((type) => idlOf([{ name: 'field', type }])) as [Idl, Idl, Idl];
  const [first, second, newest] = versions;
  const history = [
    { untilSlot: 10, idl: first },
    { untilSlot: 20, idl: second },
  ];

  it('an event and an account are decoded by the IDL of their slot, the last slot of a range included', () => {
    const codec = compileProgramCodec(newest, OURS, history);
    const bytesAt = { 0: 1, 10: 1, 11: 2, 20: 2, 21: 4, 1_000_000: 4 };
    for (const [slot, size] of Object.entries(bytesAt)) {
      const bytes = withDiscriminator(new Array<number>(size).fill(0));
      expect(codec.at(Number(slot)).decodeEvent(bytes), slot).toEqual(field(0));
      expect(codec.at(Number(slot)).decodeEvent(withDiscriminator([0, 0, 0, 0, 0])).ok).toBe(false);
      expect(codec.at(Number(slot)).decodeAccount(bytes).ok).toBe(true);
    }
    expect(codec.decodeEvent(withDiscriminator([0, 0, 0, 0]))).toEqual(field(0));
  });

  it.each([
    ['not in order', [20, 10]],
    ['two that end together', [10, 10]],
    ['no slot', [-1]],
    ['half a slot', [1.5]],
  ])('refuses ranges with %s and says what to do', (_, slots) => {
    const ranges = slots.map((untilSlot) => ({ untilSlot, idl: first }));
    expect(() => compileProgramCodec(newest, OURS, ranges)).toThrow(/untilSlot.*oldest first/);
  });

  it('refuses an older IDL that is no IDL', () => {
    const broken = { ...first, events: [{ name: 'Thing', discriminator: [] }] };
    expect(() => compileProgramCodec(newest, OURS, [{ untilSlot: 1, idl: broken }])).toThrow(MooringError);
  });
});
