import type { BorshReader } from './borsh-reader.js';
import type { DecodedValue } from './types.js';

/** An IDL type turned into a function. */
export interface CompiledType {
  /** Reads one value; on failure the reader has the reason and the value means nothing. */
  readonly read: (reader: BorshReader) => DecodedValue;
  /** The fewest bytes a value takes. */
  readonly minBytes: number;
  /** Whether every value takes exactly `minBytes`. */
  readonly fixed: boolean;
  /** A vector or array of it is a byte string. */
  readonly byte?: true;
}

const fixed = (minBytes: number, read: CompiledType['read']): CompiledType => ({ read, minBytes, fixed: true });
const sized = (read: CompiledType['read']): CompiledType => ({ read, minBytes: 4, fixed: false });

/** The types that need no other. */
export const PRIMITIVES: ReadonlyMap<string, CompiledType> = new Map<string, CompiledType>([
  ['bool', fixed(1, (reader) => reader.flag('bool'))],
  ['u8', { ...fixed(1, (reader) => reader.u8()), byte: true }],
  ['i8', fixed(1, (reader) => reader.i8())],
  ['u16', fixed(2, (reader) => reader.u16())],
  ['i16', fixed(2, (reader) => reader.i16())],
  ['u32', fixed(4, (reader) => reader.u32())],
  ['i32', fixed(4, (reader) => reader.i32())],
  ['f32', fixed(4, (reader) => reader.f32())],
  ['u64', fixed(8, (reader) => reader.u64())],
  ['i64', fixed(8, (reader) => reader.i64())],
  ['f64', fixed(8, (reader) => reader.f64())],
  ['u128', fixed(16, (reader) => reader.unsigned(2))],
  ['i128', fixed(16, (reader) => reader.signed(2))],
  ['u256', fixed(32, (reader) => reader.unsigned(4))],
  ['i256', fixed(32, (reader) => reader.signed(4))],
  ['pubkey', fixed(32, (reader) => reader.publicKey())],
  ['bytes', sized((reader) => reader.bytes(reader.length(1)))],
  ['string', sized((reader) => reader.string())],
]);

/** One byte, then the value if it is 1. */
export function optionOf(inner: CompiledType): CompiledType {
  return { read: (reader) => (reader.flag('option') ? inner.read(reader) : null), minBytes: 1, fixed: false };
}

/** SPL's COption: a u32, then always the bytes of the (fixed-size) value, which mean nothing if it is 0. */
export function coptionOf(inner: CompiledType): CompiledType {
  const read = (reader: BorshReader): DecodedValue => {
    const tag = reader.u32();
    if (tag === 1) return inner.read(reader);
    if (tag === 0) reader.bytes(inner.minBytes);
    else reader.fail('invalid', `coption is ${tag}, not 0 or 1`);
    return null;
  };
  return { read, minBytes: 4 + inner.minBytes, fixed: true };
}

/** A u32 count, then the elements. The count is checked against the bytes left before anything is allocated. */
export function vectorOf(element: CompiledType): CompiledType {
  if (element.byte) return sized((reader) => reader.bytes(reader.length(1)));
  // At least one byte each, also where they take none: a count must not be able to ask for more than there is.
  const elementBytes = Math.max(1, element.minBytes);
  return sized((reader) => elements(reader, element, reader.length(elementBytes)));
}

/** A fixed number of elements. */
export function arrayOf(element: CompiledType, length: number): CompiledType {
  const minBytes = element.minBytes * length;
  if (element.byte) return fixed(length, (reader) => reader.bytes(length));
  return { read: (reader) => elements(reader, element, length), minBytes, fixed: element.fixed };
}

function elements(reader: BorshReader, element: CompiledType, count: number): readonly DecodedValue[] {
  const values: DecodedValue[] = [];
  for (let i = 0; i < count; i++) {
    values.push(element.read(reader));
    if (reader.failure) {
      reader.failedWithin(`[${i}]`);
      break;
    }
  }
  return values;
}

/** A named field of a struct or enum variant. */
export interface CompiledField {
  readonly name: string;
  readonly type: CompiledType;
}

/** The fields one after the other, as an object; `kind` comes first if the object is a variant of an enum with data. */
export function structOf(fields: readonly CompiledField[], kind?: string): CompiledType {
  const names = fields.map((field) => field.name);
  const readers = fields.map((field) => field.type.read);
  const read = (reader: BorshReader): DecodedValue => {
    const data: Record<string, DecodedValue> = kind === undefined ? {} : { kind };
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!;
      data[name] = readers[i]!(reader);
      if (reader.failure) {
        reader.failedWithin(name);
        break;
      }
    }
    return data;
  };
  return {
    read,
    minBytes: fields.reduce((sum, { type }) => sum + type.minBytes, 0),
    fixed: fields.every(({ type }) => type.fixed),
  };
}

/** One byte that chooses the variant. */
export function enumOf(variants: readonly CompiledType[]): CompiledType {
  const read = (reader: BorshReader): DecodedValue => {
    const tag = reader.u8();
    const variant = variants[tag];
    if (variant) return variant.read(reader);
    reader.fail('invalid', `variant ${tag} of ${variants.length}`);
    return null;
  };
  const sizes = variants.map((variant) => variant.minBytes);
  return {
    read,
    minBytes: 1 + (sizes.length > 0 ? Math.min(...sizes) : 0),
    fixed: variants.every((variant) => variant.fixed && variant.minBytes === sizes[0]),
  };
}

/** A variant that carries nothing, of an enum of such variants: its name. */
export function nameOf(name: string): CompiledType {
  return fixed(0, () => name);
}

/** A type that is still being compiled, because it contains itself. */
export function recursive(resolve: () => CompiledType): CompiledType {
  return { read: (reader) => reader.nested((inner) => resolve().read(inner), null), minBytes: 0, fixed: false };
}
