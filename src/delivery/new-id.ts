import { randomBytes } from 'node:crypto';

const ID_BYTES = 12;

/** `<prefix>_` and 24 hex digits that nobody can guess. */
export function newId(prefix: string): string {
  return `${prefix}_${randomBytes(ID_BYTES).toString('hex')}`;
}
