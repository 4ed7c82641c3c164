import BN from 'bn.js';
import { PublicKey } from '@solana/web3.js';

/** A value with its name, in an instruction, a struct or a variant. */
export interface IdlField {
  readonly name: string;
  readonly type: unknown;
}

/** A type that an IDL defines, as far as values of it have to be told apart. */
export interface IdlDefinition {
  readonly name: string;
  readonly type: {
    readonly kind: string;
    readonly fields?: readonly unknown[];
    readonly variants?: readonly { readonly name: string; readonly fields?: readonly unknown[] }[];
    readonly alias?: unknown;
  };
}

type Values = Readonly<Record<string, unknown>>;
type Definitions = ReadonlyMap<string, IdlDefinition>;

/**
 * Arguments as Anchor's coder takes them, from the plain values that decoding gives: addresses in base58, wide integers as
 * bigints, bytes as Uint8Array, at any depth of options, lists, structs and variants. What is Anchor's form already stays.
 * @throws Error for a text that is no address where the IDL says `pubkey`.
 */
export function anchorArguments(fields: readonly IdlField[], definitions: Definitions, values: Values): Values {
  return namedValues(fields, definitions, values);
}

function namedValues(fields: readonly IdlField[], definitions: Definitions, values: Values): Values {
  return Object.fromEntries(fields.map(({ name, type }) => [name, anchorValue(type, definitions, values[name])]));
}

function anchorValue(type: unknown, definitions: Definitions, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (typeof value === 'bigint') return new BN(value.toString());
  if (type === 'pubkey') return typeof value === 'string' ? new PublicKey(value) : value;
  if (type === 'bytes') return value instanceof Uint8Array ? Buffer.from(value) : value;
  if (typeof type !== 'object' || type === null) return value;
  if ('option' in type) return anchorValue(type.option, definitions, value);
  if ('vec' in type) return listOf(value, () => type.vec, definitions);
  if ('array' in type && Array.isArray(type.array)) {
    const [element] = type.array as readonly unknown[];
    return listOf(value, () => element, definitions);
  }
  if ('defined' in type) return definedValue(type.defined, definitions, value);
  return value;
}

function listOf(value: unknown, typeAt: (index: number) => unknown, definitions: Definitions): unknown {
  if (!Array.isArray(value) && !(value instanceof Uint8Array)) return value;
  return Array.from(value as Iterable<unknown>, (one, index) => anchorValue(typeAt(index), definitions, one));
}

function definedValue(named: unknown, definitions: Definitions, value: unknown): unknown {
  const definition = definitions.get((named as { readonly name: string }).name);
  if (!definition) return value;
  const { kind, fields = [], variants = [], alias } = definition.type;
  if (kind === 'type') return anchorValue(alias, definitions, value);
  if (kind === 'struct') return fieldValues(fields, definitions, value);
  if (typeof value !== 'object' || value === null) return value;
  // Of a variant, its only key is the name.
  return Object.fromEntries(
    Object.entries(value).map(([name, of]) => {
      const variant = variants.find((one) => one.name === name);
      return [name, fieldValues(variant?.fields ?? [], definitions, of)];
    }),
  );
}

/** Fields by name; those of a tuple are named by their place, as a list or as an object. */
function fieldValues(fields: readonly unknown[], definitions: Definitions, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (fields.every(isNamed)) return { ...value, ...namedValues(fields, definitions, value as Values) };
  if (Array.isArray(value)) return listOf(value, (index) => fields[index], definitions);
  const byPlace = fields.map((type, index): IdlField => ({ name: String(index), type }));
  return namedValues(byPlace, definitions, value as Values);
}

function isNamed(field: unknown): field is IdlField {
  return typeof field === 'object' && field !== null && 'name' in field && 'type' in field;
}
