import { isAddress } from '../domain-kit/command-fields.js';
import type { Field, FieldValue } from '../domain-kit/field.js';

/** A query parameter as a value of the field; undefined when it cannot be one. */
export function filterValue(field: Field, text: string): FieldValue | undefined {
  switch (field.kind) {
    case 'address':
      return isAddress(text) ? text : undefined;
    case 'text':
      return text;
    case 'choice':
      return field.choices?.includes(text) ? text : undefined;
    case 'u64':
      return /^\d{1,20}$/.test(text) ? BigInt(text) : undefined;
    case 'integer':
      return /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
    case 'number':
      return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'flag':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'time': {
      const at = Date.parse(text);
      return Number.isNaN(at) ? undefined : new Date(at);
    }
  }
}
