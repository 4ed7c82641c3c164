import type { Failure } from './check.js';
import { fail, ok, warn, type Judgement } from './finding.js';
import { counted, listed } from './words.js';

/** Below this a signer may not pay for the next account it opens, in lamports: 0.01 SOL, ten small accounts. */
const LOW_LAMPORTS = 10_000_000n;
const LAMPORTS_PER_SOL = 1_000_000_000;

/** Whether the keys that the API signs with can be used. */
export function judgeKeys(addresses: readonly string[]): Judgement {
  return ok(
    addresses.length === 0 ? 'none is configured' : `${counted(addresses.length, 'key')}: ${listed(addresses)}`,
  );
}

/** A key cannot be used. */
export function judgeNoKeys({ message }: Failure): Judgement {
  return fail(message, 'Correct SIGNER_KEYPAIRS or SIGNER_SECRET_KEYS: the API does not start otherwise.');
}

/** What each signer owns. */
export type Balances = readonly { readonly address: string; readonly lamports: bigint }[];

/** Whether the signers can pay. */
export function judgeBalances(balances: Balances): Judgement {
  const low = balances.filter(({ lamports }) => lamports < LOW_LAMPORTS);
  if (low.length === 0) {
    const least = balances.reduce(
      (lowest, { lamports }) => (lamports < lowest ? lamports : lowest),
      balances[0]?.lamports ?? 0n,
    );
    return ok(`at least ${inSol(least)} each`);
  }
  return warn(
    low.map(({ address, lamports }) => `${address} has ${inSol(lamports)}`).join(', '),
    `Send SOL to ${listed(low.map(({ address }) => address))}: writes that it pays for are refused by the chain.`,
  );
}

/** Who may use the API. */
export interface ApiKeysReading {
  /** Not revoked. */
  readonly active: number;
  readonly writing: number;
  /** Signers are configured, or reads need a key: an API is meant to be served. */
  readonly isWanted: boolean;
}

/** Whether anybody can write through the API. */
export function judgeApiKeys({ active, writing, isWanted }: ApiKeysReading): Judgement {
  const found = `${counted(active, 'active key')}, ${writing} of them for writes`;
  if (!isWanted || writing > 0) return ok(active === 0 ? 'none, and nothing here needs one' : found);
  return warn(found, 'Nobody can write through the API: npm run api-key -- create --name <whose>');
}

function inSol(lamports: bigint): string {
  return `${Number((Number(lamports) / LAMPORTS_PER_SOL).toFixed(4))} SOL`;
}
