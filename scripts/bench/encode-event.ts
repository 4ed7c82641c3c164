import bs58 from 'bs58';
import idl from '../../idl/coupons.json' with { type: 'json' };
import type { CouponsAccounts, CouponsEvents } from '../../idl/coupons.js';
import { camelCase } from '../../src/decoding/camel-case.js';

type Value = string | number | bigint;
type Write = (value: Value) => Uint8Array;

const WRITERS: Readonly<Record<string, Write>> = {
  u8: (value) => Uint8Array.of(Number(value)),
  u16: (value) => little(2, BigInt(value)),
  u32: (value) => little(4, BigInt(value)),
  u64: (value) => little(8, BigInt(value)),
  i64: (value) => little(8, BigInt(value)),
  pubkey: (value) => addressBytes(String(value)),
  string: (value) => {
    const bytes = Buffer.from(String(value));
    return Buffer.concat([little(4, BigInt(bytes.length)), bytes]);
  },
};

/** Decoding base58 is what encoding an event costs most; the same addresses come again and again. */
const decoded = new Map<string, Uint8Array>();
const ADDRESSES_REMEMBERED = 50_000;

function addressBytes(address: string): Uint8Array {
  const known = decoded.get(address);
  if (known) return known;
  if (decoded.size >= ADDRESSES_REMEMBERED) decoded.clear();
  const bytes = bs58.decode(address);
  decoded.set(address, bytes);
  return bytes;
}

interface Shape {
  readonly discriminator: Uint8Array;
  readonly fields: readonly { readonly name: string; readonly write: Write }[];
}

const EVENTS = new Map(idl.events.map(({ name, discriminator }) => [name, shapeOf(name, discriminator)]));
const ACCOUNTS = new Map(idl.accounts.map(({ name, discriminator }) => [name, shapeOf(name, discriminator)]));

/** An event's bytes as the program emits them: discriminator and borsh. */
export function encodeEvent<N extends keyof CouponsEvents>(name: N, data: CouponsEvents[N]): Buffer {
  return encode(EVENTS.get(name), name, data);
}

/** An account's bytes as the program keeps them. */
export function encodeAccount<N extends keyof CouponsAccounts>(name: N, data: CouponsAccounts[N]): Buffer {
  return encode(ACCOUNTS.get(name), name, data);
}

function encode(shape: Shape | undefined, name: string, data: object): Buffer {
  if (!shape) throw new Error(`the IDL has no ${name}`);
  const values = data as Readonly<Record<string, Value>>;
  return Buffer.concat([
    shape.discriminator,
    ...shape.fields.map((field) => {
      const value = values[field.name];
      if (value === undefined) throw new Error(`${name}.${field.name} is missing`);
      return field.write(value);
    }),
  ]);
}

function shapeOf(name: string, discriminator: readonly number[]): Shape {
  const definition = idl.types.find((type) => type.name === name)?.type as
    { fields?: readonly { name: string; type: unknown }[] } | undefined;
  return {
    discriminator: Uint8Array.from(discriminator),
    fields: (definition?.fields ?? []).map((field) => ({
      name: camelCase(field.name),
      write: writerOf(name, field.type),
    })),
  };
}

function writerOf(owner: string, type: unknown): Write {
  const writer = typeof type === 'string' ? WRITERS[type] : enumWriter(type);
  if (!writer) throw new Error(`${owner} has a field of type ${JSON.stringify(type)}: teach it to encode-event.ts`);
  return writer;
}

/** A variant without fields is its number. */
function enumWriter(type: unknown): Write | undefined {
  const name = (type as { defined?: { name?: string } } | null)?.defined?.name;
  const definition = idl.types.find((candidate) => candidate.name === name)?.type as
    { kind: string; variants?: readonly { name: string }[] } | undefined;
  if (definition?.kind !== 'enum') return undefined;
  const variants = (definition.variants ?? []).map((variant) => camelCase(variant.name.toLowerCase()));
  return (value) => Uint8Array.of(variants.indexOf(String(value)));
}

function little(bytes: number, value: bigint): Uint8Array {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt.asIntN(64, value));
  return buffer.subarray(0, bytes);
}
