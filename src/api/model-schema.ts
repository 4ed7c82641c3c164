import { z } from 'zod';
import type { Field } from '../domain-kit/field.js';
import type { Model } from '../domain-kit/model.js';
import { fieldsOf } from './document-view.js';

/** The JSON of a document as a schema, for the OpenAPI document. */
export function documentSchema(model: Model): z.ZodType {
  const key =
    model.kind === 'state'
      ? { address: z.string().meta({ description: "The account's address" }) }
      : { id: z.string().meta({ description: 'The event id' }) };
  const fields = Object.entries(fieldsOf(model)).map(([name, field]) => [name, fieldSchema(field).optional()] as const);
  return z.object({ ...key, ...Object.fromEntries(fields) }).meta({ id: schemaName(model) });
}

/** A page of such documents. */
export function pageSchema(item: z.ZodType): z.ZodType {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'For the next page; null on the last one' }),
  });
}

function fieldSchema(field: Field): z.ZodType {
  const schema = plainSchema(field);
  return field.nullable ? schema.nullable() : schema;
}

function plainSchema(field: Field): z.ZodType {
  switch (field.kind) {
    case 'address':
      return z.string().meta({ description: 'A base58 address' });
    case 'text':
      return z.string();
    case 'u64':
      return z.string().meta({ description: 'A whole number of up to 64 bits, as digits' });
    case 'integer':
      return z.int();
    case 'number':
      return z.number();
    case 'time':
      return z.iso.datetime();
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum([...(field.choices ?? [])]);
  }
}

function schemaName(model: Model): string {
  return singular(model.collection).replace(/(^|[_-])(\w)/g, (_, _separator, letter: string) => letter.toUpperCase());
}

/** One member of a collection, as English has it: `sale`, `match`, `entry`. */
export function singular(collection: string): string {
  if (/ies$/.test(collection)) return collection.replace(/ies$/, 'y');
  return /(ch|sh|ss|x|zz)es$/.test(collection) ? collection.slice(0, -2) : collection.replace(/(?<!s)s$/, '');
}
