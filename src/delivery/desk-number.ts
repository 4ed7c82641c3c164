import { createHash } from 'node:crypto';

/** Desks that share records and dispatchers. Fixed: it is stored with both, and more processes than that cannot share. */
export const DESKS = 8;

/** The desk of a record or of a dispatcher: the same in every process. */
export function deskOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % DESKS;
}
