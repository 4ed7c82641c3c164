import type { mongo } from 'mongoose';
import { doesCount } from '../domain-kit/document-mark.js';
import type { Field, Fields } from '../domain-kit/field.js';
import type { Model } from '../domain-kit/model.js';
import { fromStored } from '../lib/stored-value.js';

/** A document as the API shows it: its key first, then the fields its model declares, as JSON. */
export type DocumentView = Readonly<Record<string, unknown>>;

/** Shows a stored document; null when it is the tombstone of a closed account, or an orphan. */
export function documentView(model: Model, stored: mongo.Document): DocumentView | null {
  if (!doesCount(stored)) return null;
  const key = model.kind === 'state' ? { address: String(stored[model.keyField]) } : { id: String(stored._id) };
  return { ...key, ...shownFields(fieldsOf(model), stored) };
}

/** Every field of a model, the settled ones included. */
export function fieldsOf(model: Model): Fields {
  return model.kind === 'state' ? { ...model.fields, ...model.settled } : model.fields;
}

/** A field's value as JSON: u64s as strings of digits (a JSON number is not exact beyond 2^53), times in ISO 8601. */
export function fieldView(field: Field, stored: unknown): unknown {
  const value = fromStored(stored);
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case 'u64':
      return (value as bigint | number).toString();
    case 'integer':
    case 'number':
      return Number(value);
    case 'time':
      return value instanceof Date ? value.toISOString() : null;
    case 'address':
    case 'text':
    case 'choice':
    case 'flag':
      return value;
  }
}

/** Fields that no event has told yet are left out: not knowing is not null. */
function shownFields(fields: Fields, stored: mongo.Document): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) if (name in stored) shown[name] = fieldView(field, stored[name]);
  return shown;
}
