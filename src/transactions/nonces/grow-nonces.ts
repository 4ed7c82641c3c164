import { MooringError } from '../../lib/errors.js';
import { makeNonces, type MadeNonces } from './make-nonces.js';
import type { NonceWork } from './nonce-work.js';
import { settleNonces } from './settle-nonces.js';

/** What a pool has become. */
export interface GrownNonces extends MadeNonces {
  readonly advanced: readonly string[];
  /** Not ready yet: the same command, or a repair, goes on. */
  readonly unsettled: readonly string[];
}

/**
 * Makes an authority's pool `count` nonce accounts large, with those it has, and waits until they are final. Killed at any
 * moment, the same call goes on where it was.
 * @throws MooringError as `makeNonces`, and `nonces-more` where the pool is larger: nothing is taken out of it here.
 */
export async function growNonces(work: NonceWork, authority: string, count: number): Promise<GrownNonces> {
  const present = await work.store.list(authority);
  const size = 1 + Math.max(-1, ...present.map(({ index }) => index));
  if (size > count) {
    throw new MooringError(
      'nonces-more',
      `The pool of ${authority} has ${size} nonce accounts already. Fewer: npm run nonces -- withdraw, then create.`,
    );
  }
  const indexes = Array.from({ length: count }, (_, index) => index);
  const made = await makeNonces(work, authority, indexes);
  const impossible = new Set(made.impossible.map(({ address }) => address));
  const { advanced, unsettled } = await settleNonces(
    work,
    authority,
    made.addresses.filter((address) => !impossible.has(address)),
  );
  return { ...made, advanced, unsettled: unsettled.map(({ _id }) => _id) };
}
