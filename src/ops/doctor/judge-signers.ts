import type { Failure } from './check.js';
import { fail, ok, warn, type Judgement } from './finding.js';
import { counted, listed, span } from './words.js';

/** A pause that lasts longer is likely to be forgotten, in milliseconds. */
const LONG_PAUSE_MS = 3_600_000;
const GUIDE = 'docs/operations.md, Signers and transactions';
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

/** Whether the signers can pay. `least`: what each should own, in lamports (ALERT_SIGNER_LAMPORTS). */
export function judgeBalances(balances: Balances, least: number): Judgement {
  const low = balances.filter(({ lamports }) => lamports === 0n || lamports < BigInt(least));
  if (low.length === 0) {
    const lowest = balances.reduce((so, { lamports }) => (lamports < so ? lamports : so), balances[0]?.lamports ?? 0n);
    return ok(`at least ${inSol(lowest)} each`);
  }
  return warn(
    low.map(({ address, lamports }) => `${address} has ${inSol(lamports)}`).join(', '),
    `Send SOL to ${listed(low.map(({ address }) => address))}: writes that it pays for are refused by the chain.`,
  );
}

/** How the requests of a signer are worked on. */
export interface SignerReading {
  readonly address: string;
  /** The live process that holds its lease; null: none does. */
  readonly holder: string | null;
  readonly isServed: boolean;
  /** Requests that are not at rest. */
  readonly open: number;
  readonly pause: { readonly reason: string; readonly ms: number } | null;
  readonly troubled: readonly { readonly id: string; readonly trouble: string }[];
}

/** Whether somebody works on what is open. */
export function judgeHolders(signers: readonly SignerReading[]): Judgement {
  const open = signers.reduce((sum, signer) => sum + signer.open, 0);
  const unheld = signers.filter((signer) => signer.open > 0 && signer.holder === null);
  if (unheld.length === 0) {
    return ok(
      open === 0 ? 'nothing is open' : `${counted(open, 'open transaction')}, each with a process that works on it`,
    );
  }
  const keyless = unheld.filter(({ isServed }) => !isServed).map(({ address }) => address);
  return fail(
    unheld
      .map((signer) => `nobody works on ${counted(signer.open, 'open transaction')} of ${signer.address}`)
      .join(', '),
    keyless.length > 0
      ? `No process that lives has the key of ${listed(keyless)}: start one with it in SIGNER_KEYPAIRS or SIGNER_SECRET_KEYS (${GUIDE}).`
      : `A process with the key lives and takes the lease within LEASE_TERM_MS; else see its log (${GUIDE}).`,
  );
}

/** Whether a pause was forgotten. */
export function judgePauses(signers: readonly SignerReading[]): Judgement {
  const paused = signers.flatMap(({ address, pause }) => (pause ? [{ address, ...pause }] : []));
  if (paused.length === 0) return ok('none');
  const found = paused.map(({ address, reason, ms }) => `${address} for ${span(ms)} (${reason})`).join(', ');
  if (paused.every(({ ms }) => ms < LONG_PAUSE_MS)) return ok(found);
  return warn(found, 'Nothing new is signed meanwhile. When it is over: npm run signers -- resume <address>');
}

/** Whether requests are stuck. */
export function judgeTroubled(signers: readonly SignerReading[]): Judgement {
  const troubled = signers.flatMap((signer) => signer.troubled);
  const [first] = troubled;
  if (!first) return ok('none');
  return warn(
    `${counted(troubled.length, 'transaction')}, the oldest ${first.id}: ${first.trouble}`,
    `npm run transactions -- show ${first.id} says what was done for it, and what can be (${GUIDE}).`,
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
