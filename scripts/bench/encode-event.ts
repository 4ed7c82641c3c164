import bs58 from 'bs58';
import idl from '../../idl/coupons.json' with { type: 'json' };
import type { CouponsEvents } from '../../idl/coupons.js';
import { camelCase } from '../../src/decoding/camel-case.js';

type Value = string | number | bigint;
type Write = (value: Value) => Uint8Array;

const WRITERS: Readonly<Record<string, Write>> = {
  u8: (value) => Uint8Array.of(Number(value)),
  u16: (value) => little(2, BigInt(value)),
  u32: (value) => little(4, BigInt(value)),
  u64: (value) => little(8, BigInt(value)),
  i64: (value) => little(8, BigInt(value)),
  pubkey: (value) => bs58.decode(String(value)),
  string: (value) => {
    const bytes = Buffer.from(String(value));
    return Buffer.concat([little(4, BigInt(bytes.length)), bytes]);
  },
};

interface EventShape {
  readonly discriminator: Uint8Array;
  readonly fields: readonly { readonly name: string; readonly write: Write }[];
}

const SHAPES = new Map<string, EventShape>(
  idl.events.map(({ name, discriminator }) => {
    const definition = idl.types.find((type) => type.name === name);
    const fields =
      (definition?.type as { fields?: readonly { name: string; type: unknown }[] } | undefined)?.fields ?? [];
    return [
      name,
      {
        discriminator: Uint8Array.from(discriminator),
        fields: fields.map((field) => ({ name: camelCase(field.name), write: writerOf(name, field.type) })),
      },
    ];
  }),
);

/** An event's bytes as the program emits them: discriminator and borsh. */
export function encodeEvent<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): Buffer {
  const shape = SHAPES.get(name);
  if (!shape) throw new Error(`the IDL has no event ${name}`);
  const values = data as unknown as Readonly<Record<string, Value>>;
  return Buffer.concat([
    shape.discriminator,
    ...shape.fields.map((field) => {
      const value = values[field.name];
      if (value === undefined) throw new Error(`${name}.${field.name} is missing`);
      return field.write(value);
    }),
  ]);
}

function writerOf(event: string, type: unknown): Write {
  const writer = typeof type === 'string' ? WRITERS[type] : undefined;
  if (!writer) throw new Error(`${event} has a field of type ${JSON.stringify(type)}: teach it to encode-event.ts`);
  return writer;
}

function little(bytes: number, value: bigint): Uint8Array {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt.asIntN(64, value));
  return buffer.subarray(0, bytes);
}
