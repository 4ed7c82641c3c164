import { advanceNonces } from './advance-nonces.js';
import type { NonceRefresh, RefreshedNonce } from './nonce-pool.js';
import type { NonceWork } from './nonce-work.js';
import { MENDABLE, type StoredNonce } from './stored-nonce.js';

/** What was waited for. */
export interface SettledNonces {
  readonly changed: readonly RefreshedNonce[];
  /** Advanced, because something could still have landed over their values. */
  readonly advanced: readonly string[];
  /** Those of `addresses` that were not ready when patience ended. */
  readonly unsettled: readonly StoredNonce[];
  readonly last: NonceRefresh;
}

// A block is final 13 s after it was made, a little later where the cluster is slow.
const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 500;

/**
 * Refreshes, and advances what is stuck, until finalized blocks show all of these nonce accounts of an authority as they
 * should be: nothing is handed out before that.
 */
export async function settleNonces(
  work: NonceWork,
  authority: string,
  addresses: readonly string[],
): Promise<SettledNonces> {
  const { pool, store, clock } = work;
  const wanted = new Set(addresses);
  const changed: RefreshedNonce[] = [];
  const advanced: string[] = [];
  const since = clock.monotonic();
  for (let look = 0; ; look++) {
    const last = await pool.refresh(authority);
    changed.push(...last.changed);
    advanced.push(...(await advanceNonces(work, authority, last.stuck)));
    const nonces = await store.list(authority);
    const unsettled = nonces.filter((nonce) => wanted.has(nonce._id) && isOnItsWay(nonce));
    if (unsettled.length === 0 || clock.monotonic() - since > PATIENCE_MS) {
      return { changed, advanced, unsettled, last };
    }
    if (look === 0) work.tell(`waiting until ${unsettled.length} are final`);
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function isOnItsWay({ state, reason }: StoredNonce): boolean {
  return state === 'cooling' || (state === 'broken' && MENDABLE.includes(reason));
}
