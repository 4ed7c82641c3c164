import { MooringError } from '../lib/errors.js';
import { camelCase } from './camel-case.js';
import {
  arrayOf,
  coptionOf,
  enumOf,
  nameOf,
  optionOf,
  PRIMITIVES,
  recursive,
  structOf,
  vectorOf,
  type CompiledField,
  type CompiledType,
} from './compiled-type.js';
import type { IdlTypeDefinition } from './types.js';

/** No account is larger than 10 MiB (MAX_PERMITTED_DATA_LENGTH), so no array in one is longer. */
const MAX_ARRAY_LENGTH = 10 * 1024 * 1024;
/** Definitions within definitions: generics that expand for ever stop here. */
const MAX_DEPTH = 64;

/** What the generic parameters of a definition stand for: types without parameters of their own, or numbers. */
type Bindings = ReadonlyMap<string, unknown>;
const NONE: Bindings = new Map();

/**
 * Compiles the types of one IDL. Throws a MooringError `idl-unsupported` whose message names the type, when it is one
 * that is not borsh (unpacked zero-copy, custom serialization) or that the IDL does not define.
 */
export class TypeCompiler {
  readonly #definitions: ReadonlyMap<string, IdlTypeDefinition>;
  readonly #compiled = new Map<string, CompiledType>();
  readonly #compiling = new Set<string>();
  #depth = 0;

  constructor(definitions: readonly IdlTypeDefinition[]) {
    this.#definitions = new Map(definitions.map((definition) => [definition.name, definition]));
  }

  /** The definition of that name, with the generic arguments given. */
  defined(name: string, generics: readonly unknown[] = []): CompiledType {
    const key = name + JSON.stringify(generics);
    const known = this.#compiled.get(key);
    if (known) return known;
    if (this.#compiling.has(key)) return recursive(() => this.#compiled.get(key)!);

    const definition = this.#definitions.get(name);
    if (!definition) throw unsupported(`type ${name} is not defined`);
    this.#compiling.add(key);
    try {
      const compiled = this.#definition(definition, bindGenerics(definition, generics));
      this.#compiled.set(key, compiled);
      return compiled;
    } finally {
      this.#compiling.delete(key);
    }
  }

  #definition(definition: IdlTypeDefinition, bindings: Bindings): CompiledType {
    requireBorsh(definition);
    const { kind, fields, variants, alias } = definition.type;
    if (kind === 'struct') return structOf(this.#fields(definition.name, fields, bindings));
    if (kind === 'enum') return this.#enum(definition.name, variants, bindings);
    if (kind === 'type') return this.#type(alias, bindings);
    throw unsupported(`type ${definition.name} is of unknown kind ${kind}`);
  }

  #enum(name: string, variants: unknown, bindings: Bindings): CompiledType {
    const list = listOf(variants, `variants of ${name}`).map((variant) => {
      const { name: variantName, fields } = objectOf(variant, `a variant of ${name}`);
      if (typeof variantName !== 'string') throw unsupported(`a variant of ${name} has no name`);
      return { kind: camelCase(variantName), fields: this.#fields(`${name}.${variantName}`, fields, bindings) };
    });
    if (list.every(({ fields }) => fields.length === 0)) return enumOf(list.map(({ kind }) => nameOf(kind)));
    const free = (fields: readonly CompiledField[]): CompiledField[] =>
      fields.map((field) => (field.name === 'kind' ? { ...field, name: 'kind_' } : field));
    return enumOf(list.map(({ kind, fields }) => structOf(free(fields), kind)));
  }

  /** Named fields, fields of a tuple (called 0, 1, …), or none. */
  #fields(owner: string, fields: unknown, bindings: Bindings): readonly CompiledField[] {
    if (fields === undefined || fields === null) return [];
    const compiled = listOf(fields, `fields of ${owner}`).map((field, index): CompiledField => {
      if (typeof field !== 'object' || field === null || !('name' in field) || !('type' in field)) {
        return { name: String(index), type: this.#type(field, bindings) };
      }
      return { name: camelCase(String(field.name)), type: this.#type(field.type, bindings) };
    });
    const names = new Set(compiled.map(({ name }) => name));
    if (names.size < compiled.length) throw unsupported(`${owner} has two fields of one name in camelCase`);
    return compiled;
  }

  #type(type: unknown, bindings: Bindings): CompiledType {
    if (this.#depth >= MAX_DEPTH) throw unsupported(`types are nested more than ${MAX_DEPTH} deep`);
    this.#depth++;
    try {
      return this.#typeAtDepth(type, bindings);
    } finally {
      this.#depth--;
    }
  }

  #typeAtDepth(type: unknown, bindings: Bindings): CompiledType {
    if (typeof type === 'string') {
      const primitive = PRIMITIVES.get(type);
      if (!primitive) throw unsupported(`type ${type} is unknown`);
      return primitive;
    }
    const given = objectOf(type, 'a type');
    if ('option' in given) return optionOf(this.#type(given['option'], bindings));
    if ('vec' in given) return vectorOf(this.#type(given['vec'], bindings));
    if ('generic' in given) return this.#type(bound(given['generic'], bindings), NONE);
    if ('coption' in given) {
      const inner = this.#type(given['coption'], bindings);
      if (!inner.fixed) throw unsupported('a coption of a type without a fixed size');
      return coptionOf(inner);
    }
    if ('array' in given) {
      const [element, length] = listOf(given['array'], 'an array');
      return arrayOf(this.#type(element, bindings), arrayLength(length, bindings));
    }
    if ('defined' in given) {
      const { name, generics } = objectOf(given['defined'], 'a defined type');
      if (typeof name !== 'string') throw unsupported('a defined type has no name');
      return this.defined(name, closed(generics ?? [], bindings) as readonly unknown[]);
    }
    throw unsupported(`type ${JSON.stringify(type)} is unknown`);
  }
}

function bindGenerics(definition: IdlTypeDefinition, given: readonly unknown[]): Bindings {
  const parameters = listOf(definition.generics ?? [], `generics of ${definition.name}`);
  if (parameters.length !== given.length) {
    throw unsupported(`type ${definition.name} takes ${parameters.length} generic arguments, not ${given.length}`);
  }
  return new Map(
    parameters.map((parameter, index) => {
      const { name } = objectOf(parameter, `a generic of ${definition.name}`);
      const { type, value } = objectOf(given[index], `a generic argument of ${definition.name}`);
      return [String(name), type ?? value];
    }),
  );
}

/** The type with every generic parameter replaced by what it is bound to. */
function closed(type: unknown, bindings: Bindings): unknown {
  if (Array.isArray(type)) return type.map((item) => closed(item, bindings));
  if (typeof type !== 'object' || type === null) return type;
  const { generic, ...rest } = type as Record<string, unknown>;
  if (generic !== undefined) return bound(generic, bindings);
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, closed(value, bindings)]));
}

function bound(parameter: unknown, bindings: Bindings): unknown {
  const value = bindings.get(String(parameter));
  if (value === undefined) throw unsupported(`generic ${String(parameter)} is not bound`);
  return value;
}

function arrayLength(length: unknown, bindings: Bindings): number {
  const value =
    typeof length === 'object' && length !== null && 'generic' in length ? bound(length.generic, bindings) : length;
  const count = Number(value);
  if (!Number.isInteger(count) || count < 0 || count > MAX_ARRAY_LENGTH) {
    throw unsupported(`array length ${JSON.stringify(value)} is not a number that fits an account`);
  }
  return count;
}

/** Borsh and packed memory read the same; memory with padding does not, and custom serialization is anybody's guess. */
function requireBorsh({ name, serialization, repr }: IdlTypeDefinition): void {
  // `bytemuck` types derive Pod, which refuses padding; `bytemuckunsafe` ones do not.
  if (serialization === undefined || serialization === 'borsh' || serialization === 'bytemuck') return;
  const packed = typeof repr === 'object' && repr !== null && 'packed' in repr && repr.packed === true;
  if (serialization === 'bytemuckunsafe' && packed) return;
  throw unsupported(`type ${name} is serialized as ${JSON.stringify(serialization)}, not as borsh`);
}

function listOf(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw unsupported(`${what} is not a list`);
  return value;
}

function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw unsupported(`${what} is ${JSON.stringify(value)}`);
  return value as Readonly<Record<string, unknown>>;
}

function unsupported(message: string): MooringError {
  return new MooringError('idl-unsupported', message);
}
