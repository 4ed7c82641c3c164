import bs58 from 'bs58';
import fc from 'fast-check';
import type { DecodedData, DecodedValue, IdlTypeDefinition } from '../../../src/decoding/types.js';

/** A type, a value of it as mooring decodes it, and the borsh bytes of that value, written without mooring's code. */
export interface Sample {
  /** As an IDL writes the type. */
  readonly type: unknown;
  readonly value: DecodedValue;
  readonly bytes: readonly number[];
  /** What `type` refers to. */
  readonly definitions: readonly IdlTypeDefinition[];
}

const little = (value: bigint, size: number): number[] =>
  Array.from({ length: size }, (_, i) => Number((BigInt.asUintN(size * 8, value) >> BigInt(8 * i)) & 0xffn));
const counted = (bytes: readonly number[], count = bytes.length): number[] => [...little(BigInt(count), 4), ...bytes];
const leaf = (type: string, value: DecodedValue, bytes: readonly number[]): Sample => ({
  type,
  value,
  bytes,
  definitions: [],
});

const integer = (type: string): fc.Arbitrary<Sample> => {
  const bits = Number(type.slice(1));
  const range = type.startsWith('u')
    ? { min: 0n, max: 2n ** BigInt(bits) - 1n }
    : { min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n };
  return fc.bigInt(range).map((value) => leaf(type, bits > 32 ? value : Number(value), little(value, bits / 8)));
};
const INTEGERS = ['u8', 'i8', 'u16', 'i16', 'u32', 'i32', 'u64', 'i64', 'u128', 'i128', 'u256', 'i256'];

/** Samples of the types without parts. */
export const leafSample: fc.Arbitrary<Sample> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...INTEGERS).chain(integer) },
  fc.boolean().map((value) => leaf('bool', value, [value ? 1 : 0])),
  fc.float({ noNaN: true }).map((value) => leaf('f32', value, [...new Uint8Array(Float32Array.of(value).buffer)])),
  fc.double({ noNaN: true }).map((value) => leaf('f64', value, [...new Uint8Array(Float64Array.of(value).buffer)])),
  fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => leaf('pubkey', bs58.encode(bytes), [...bytes])),
  fc.uint8Array().map((bytes) => leaf('bytes', bytes, counted([...bytes]))),
  fc.string({ unit: 'grapheme' }).map((text) => leaf('string', text, counted([...Buffer.from(text)]))),
);

let definitionCount = 0;
const define = (
  type: IdlTypeDefinition['type'],
  value: DecodedValue,
  bytes: readonly number[],
  parts: readonly Sample[],
): Sample => {
  const name = `Type${definitionCount++}`;
  const definitions = [...parts.flatMap((part) => part.definitions), { name, type }];
  return { type: { defined: { name } }, value, bytes, definitions };
};

const FIELD_NAMES = [
  ['price', 'price'],
  ['merchant_revision', 'merchantRevision'],
  ['kind', 'kind'],
  ['ed25519_key', 'ed25519Key'],
] as const;
const dataOf = (parts: readonly Sample[], names: readonly string[]): DecodedData =>
  Object.fromEntries(parts.map((part, i) => [names[i]!, part.value]));
const named = (parts: readonly Sample[]): unknown =>
  parts.map((part, i) => ({ name: FIELD_NAMES[i]![0], type: part.type }));
const camel = (parts: readonly Sample[]): string[] => parts.map((_, i) => FIELD_NAMES[i]![1]);
const numbered = (parts: readonly Sample[]): string[] => parts.map((_, i) => String(i));
const bytesOf = (parts: readonly Sample[]): number[] => parts.flatMap((part) => part.bytes);

/** Several samples of one type: what the elements of a vector need. Only leaves vary; others repeat. */
const several = (sample: Sample, count: number): Sample[] => new Array<Sample>(count).fill(sample);
const listValue = (sample: Sample, count: number): DecodedValue =>
  isByte(sample.type, sample.definitions)
    ? new Uint8Array(count).fill(sample.value as number)
    : several(sample, count).map(({ value }) => value);
/** Also behind aliases: lists of bytes are byte strings. */
function isByte(type: unknown, definitions: readonly IdlTypeDefinition[]): boolean {
  if (type === 'u8') return true;
  const name = (type as { defined?: { name: string } }).defined?.name;
  const definition = definitions.find((item) => item.name === name)?.type;
  return definition?.kind === 'type' && isByte(definition.alias, definitions);
}

/** Samples of any type Anchor 0.30+ writes, nested. */
export const anySample: fc.Arbitrary<Sample> = fc.letrec<{ sample: Sample }>((tie) => {
  const parts = fc.array(tie('sample'), { maxLength: FIELD_NAMES.length, depthIdentifier: 'borsh' });
  const composed = fc.oneof(
    tie('sample').map((inner): Sample => ({ ...inner, type: { option: inner.type }, bytes: [1, ...inner.bytes] })),
    tie('sample').map((inner): Sample => ({ ...inner, type: { option: inner.type }, value: null, bytes: [0] })),
    fc.tuple(tie('sample'), fc.nat(3)).map(([inner, count]): Sample => {
      // Borsh forbids vectors of what takes no bytes.
      const size = inner.bytes.length === 0 ? 0 : count;
      const bytes = counted(bytesOf(several(inner, size)), size);
      return { ...inner, type: { vec: inner.type }, value: listValue(inner, size), bytes };
    }),
    fc.tuple(tie('sample'), fc.nat(3)).map(([inner, count]): Sample => {
      const bytes = bytesOf(several(inner, count));
      return { ...inner, type: { array: [inner.type, count] }, value: listValue(inner, count), bytes };
    }),
    parts.map((list) =>
      define({ kind: 'struct', fields: named(list) }, dataOf(list, camel(list)), bytesOf(list), list),
    ),
    parts.map((list) =>
      define(
        { kind: 'struct', fields: list.map(({ type }) => type) },
        dataOf(list, numbered(list)),
        bytesOf(list),
        list,
      ),
    ),
    tie('sample').map((inner) => define({ kind: 'type', alias: inner.type }, inner.value, inner.bytes, [inner])),
    fc.nat(2).map((tag) => {
      const variants = [{ name: 'Active' }, { name: 'SoldOut' }, { name: 'Closed' }];
      return define({ kind: 'enum', variants }, ['active', 'soldOut', 'closed'][tag]!, [tag], []);
    }),
    fc.tuple(parts, fc.boolean()).map(([list, tuple]) => {
      const fields = tuple ? list.map(({ type }) => type) : named(list);
      const names = tuple ? numbered(list) : camel(list).map((name) => (name === 'kind' ? 'kind_' : name));
      const variants = [{ name: 'Nothing' }, { name: 'WithData', fields }, { name: 'Other', fields: ['u8'] }];
      return define(
        { kind: 'enum', variants },
        { kind: 'withData', ...dataOf(list, names) },
        [1, ...bytesOf(list)],
        list,
      );
    }),
  );
  return { sample: fc.oneof({ maxDepth: 4, depthIdentifier: 'borsh' }, leafSample, composed) };
}).sample;
