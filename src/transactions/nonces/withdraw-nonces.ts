import { PublicKey, SystemProgram } from '@solana/web3.js';
import type { NonceSighting } from './judge-nonce.js';
import { parseNonceAccount } from './nonce-account.js';
import type { NonceWork } from './nonce-work.js';
import { readNonces } from './read-nonces.js';
import { sendInstructions } from './send-instructions.js';
import type { NonceProblem, StoredNonce } from './stored-nonce.js';

/** What was closed. */
export interface WithdrawnNonces {
  readonly authority: string;
  readonly closed: readonly string[];
  /** What came back, without fees. */
  readonly lamports: bigint;
  /** Those that somebody has, that cool down, or that cannot be closed, with why. */
  readonly left: readonly { readonly address: string; readonly reason: NonceProblem | 'claimed' | 'cooling' }[];
  /** Being closed; the same command goes on. */
  readonly unsettled: readonly string[];
}

/** What a packet holds. */
const CLOSED_PER_TRANSACTION = 10;
const ROUNDS = 5;
// As long as for what is made.
const PATIENCE_MS = 120_000;
const LOOK_EVERY_MS = 500;
/** Broken ones that can be closed nevertheless. */
const CLOSABLE: readonly (NonceProblem | null)[] = ['closed', 'legacy', 'underfunded', 'making', 'withdrawing'];

/**
 * Closes the nonce accounts of an authority that nobody has, and returns to it what they hold. Each is taken out of use in
 * the database first, and forgotten once finalized blocks do not have it; killed in between, the same call goes on.
 * Throws RpcError.
 */
export async function withdrawNonces(work: NonceWork, authority: string): Promise<WithdrawnNonces> {
  const { store, pool, clock } = work;
  await pool.refresh(authority);
  const going: string[] = [];
  for (const nonce of await store.list(authority)) {
    const isFree = nonce.state === 'available' || (nonce.state === 'broken' && CLOSABLE.includes(nonce.reason));
    if (isFree && (await store.beginWithdrawal(nonce, new Date(clock.now())))) going.push(nonce._id);
  }
  const lamports = await close(work, authority, going);
  const closed = await forgetGone(work, going);
  const left = (await store.list(authority)).filter(({ reason }) => reason !== 'withdrawing').map(leftOf);
  return { authority, closed, lamports, left, unsettled: going.filter((address) => !closed.includes(address)) };
}

async function close(work: NonceWork, authority: string, addresses: readonly string[]): Promise<bigint> {
  let returned = 0n;
  let minContextSlot: number | undefined;
  for (let round = 0; round < ROUNDS && addresses.length > 0; round++) {
    const { accounts } = await work.chain.accounts(addresses, 'confirmed', minContextSlot);
    const present = addresses.flatMap((address, position) => {
      const account = accounts[position];
      return account && isClosable(parseNonceAccount(account)) ? [{ address, lamports: account.lamports }] : [];
    });
    if (present.length === 0) break;
    for (let start = 0; start < present.length; start += CLOSED_PER_TRANSACTION) {
      const packet = present.slice(start, start + CLOSED_PER_TRANSACTION);
      const instructions = packet.map(({ address, lamports }) =>
        SystemProgram.nonceWithdraw({
          ...{ noncePubkey: new PublicKey(address), authorizedPubkey: new PublicKey(authority) },
          ...{ toPubkey: new PublicKey(authority), lamports: Number(lamports) },
        }),
      );
      const outcome = await sendInstructions(work, { instructions, payer: authority });
      if (outcome.kind !== 'landed') continue;
      minContextSlot = Math.max(minContextSlot ?? 0, outcome.slot);
      returned += packet.reduce((sum, { lamports }) => sum + lamports, 0n);
    }
  }
  return returned;
}

function isClosable(reading: ReturnType<typeof parseNonceAccount>): boolean {
  return reading.kind === 'nonce' || reading.reason === 'legacy';
}

async function forgetGone(work: NonceWork, addresses: readonly string[]): Promise<string[]> {
  const { store, clock } = work;
  const since = clock.monotonic();
  for (;;) {
    const sightings = await readNonces(work, addresses);
    const gone = addresses.filter((address) => isGone(sightings.get(address)));
    if (gone.length === addresses.length || clock.monotonic() - since > PATIENCE_MS) {
      await store.forget(gone);
      return gone;
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

/** Lamports that somebody sends to a closed one do not bring it back. */
function isGone(seen: NonceSighting | undefined): boolean {
  if (seen?.kind === 'account') return seen.reading.kind === 'refused' && seen.reading.reason === 'wrong-length';
  return seen?.kind === 'gone';
}

function leftOf({ _id: address, state, reason }: StoredNonce): WithdrawnNonces['left'][number] {
  return { address, reason: reason ?? (state === 'claimed' ? 'claimed' : 'cooling') };
}
