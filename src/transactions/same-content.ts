import { MooringError } from '../lib/errors.js';

/** Bytes of other requests, in every way they can be written. Another blockhash makes others: the caller tries again. */
export function sameContent(): MooringError {
  return new MooringError('conflict', 'Another request with the same content is under way.');
}
