import { mongo } from 'mongoose';
import { NotCoveredError } from './errors.js';

/** A document as the store holds it: never changed, only replaced, so that versions can share what they have in common. */
export type Doc = Readonly<Record<string, unknown>>;

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

/** Is it an embedded document, and no array or single BSON value? */
export function isEmbedded(value: unknown): value is Doc {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !('_bsontype' in value)
  );
}

/**
 * What the driver would give back of a value that it is given, copied. As the driver is set up by mooring: undefined is
 * written as null, int32, double and every int64 that is safe come back as numbers, byte arrays as Binary.
 * https://mongodb.github.io/node-mongodb-native/ (BSONSerializeOptions: promoteValues, promoteLongs, ignoreUndefined)
 */
export function takeIn(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'bigint':
      if (value > INT64_MAX || value < INT64_MIN) throw new NotCoveredError('a bigint outside of int64');
      return promoted(mongo.Long.fromBigInt(value));
    case 'object':
      return value === null ? null : takeInObject(value);
    default:
      throw new NotCoveredError(`a value of type ${typeof value}`);
  }
}

/** A whole document; `_id` comes first, as a server puts it. */
export function takeInDocument(document: object): Doc {
  const taken = takeInObject(document);
  if (!isEmbedded(taken)) throw new NotCoveredError('a document that is none');
  if (!('_id' in taken) || Object.keys(taken)[0] === '_id') return taken;
  const { _id, ...rest } = taken;
  return { _id, ...rest };
}

function takeInObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(takeIn);
  if (value instanceof Date) return new Date(Number.isNaN(value.getTime()) ? 0 : value.getTime());
  if (value instanceof Uint8Array) return new mongo.Binary(Buffer.from(value));
  if (value instanceof Map || value instanceof Set) throw new NotCoveredError('a Map or Set as a value');
  const type = (value as { _bsontype?: unknown })._bsontype;
  if (type !== undefined) return takeInBson(value, type);
  if ('toBSON' in value) throw new NotCoveredError('a value with a toBSON of its own');
  const taken: Record<string, unknown> = {};
  for (const name of Object.keys(value)) {
    if (name === '__proto__' || name.includes('\0')) throw new NotCoveredError(`a field named ${name}`);
    taken[name] = takeIn((value as Record<string, unknown>)[name]);
  }
  return taken;
}

function takeInBson(value: object, type: unknown): unknown {
  if (value instanceof mongo.Binary) return copiedBinary(value);
  if (value instanceof mongo.Decimal128 || value instanceof mongo.ObjectId) return value;
  if (value instanceof mongo.Long) return promoted(value);
  if (value instanceof mongo.Int32 || value instanceof mongo.Double) return value.valueOf();
  throw new NotCoveredError(`the BSON type ${String(type)}`);
}

function promoted(value: mongo.Long): number | mongo.Long {
  const asNumber = value.toNumber();
  return Number.isSafeInteger(asNumber) ? asNumber : value;
}

function copiedBinary(value: mongo.Binary): mongo.Binary {
  const bytes = Buffer.from(value.value());
  return value.sub_type === mongo.Binary.SUBTYPE_UUID && bytes.length === 16
    ? new mongo.UUID(bytes)
    : new mongo.Binary(bytes, value.sub_type);
}

/** A copy for a caller, who may change it. */
export function handOut<T>(value: T): T {
  return copied(value) as T;
}

function copied(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  if (value instanceof Date) return new Date(value.getTime());
  if ('_bsontype' in value) return value instanceof mongo.Binary ? copiedBinary(value) : value;
  const copy: Record<string, unknown> = {};
  for (const name in value) copy[name] = copied((value as Record<string, unknown>)[name]);
  return copy;
}
