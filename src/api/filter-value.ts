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

/** What a filter by this field takes, in words: `a base58 address`. */
export function filterWords(field: Field): string {
  return field.choices ? `one of ${field.choices.join(', ')}` : WORDS[field.kind];
}

const WORDS: Readonly<Record<Field['kind'], string>> = {
  address: 'a base58 address',
  text: 'a text',
  choice: 'one of its values',
  u64: 'a whole number, as digits',
  integer: 'a whole number',
  number: 'a number',
  flag: 'true or false',
  time: 'a time such as 2030-01-31T12:00:00Z',
};
