import type { Reading, SignerAlertKind } from './rules.js';

/** What a look found of a signer. */
export interface SignerSight {
  readonly address: string;
  /** Null: the chain could not be asked, or it is no account. */
  readonly lamports: bigint | null;
  /** Whether a live process has its key. */
  readonly isServed: boolean;
  /** Whether a live process holds its lease. */
  readonly isHeld: boolean;
  readonly holder: string | null;
  /** Requests that are not at rest. */
  readonly open: number;
  /** The oldest that waits for the chain, and since when in milliseconds; null: none does. */
  readonly waiting: { readonly id: string; readonly ms: number } | null;
}

/** From where on it is bad. */
export interface SignerLimits {
  /** 0: whatever it owns is enough. */
  readonly leastLamports: number;
  readonly unresolvedMs: number;
}

const ENOUGH_PERCENT = 110n;
const LAMPORTS_PER_SOL = 1_000_000_000;

/** Whether a signer can pay, is worked for, and gets its answers. */
export function readSigner(sight: SignerSight, limits: SignerLimits): readonly Reading[] {
  const { address, lamports, holder, open, waiting } = sight;
  const reading = (
    kind: SignerAlertKind,
    condition: Reading['condition'],
    message: string,
    details: Reading['details'],
  ): Reading => ({ id: `${kind}/${address}`, program: null, ...{ kind, condition, message, details } });
  return [
    reading('signer-balance', balanceCondition(sight, BigInt(limits.leastLamports)), `the signer ${address} is low`, {
      sol: lamports === null ? null : Number(lamports) / LAMPORTS_PER_SOL,
      limitSol: limits.leastLamports / LAMPORTS_PER_SOL,
    }),
    reading(
      'signer-unheld',
      open > 0 && !sight.isHeld ? 'bad' : 'well',
      `nobody works on the open transactions of ${address}`,
      { open, holder, isServed: sight.isServed },
    ),
    reading(
      'transactions-unresolved',
      waitingCondition(waiting?.ms ?? null, limits.unresolvedMs),
      `transactions of ${address} wait for the chain for too long`,
      { oldest: waiting?.id ?? null, waitedMs: waiting?.ms ?? null, limitMs: limits.unresolvedMs },
    ),
  ];
}

/** Of one that nobody uses any more it is well whatever it owns: else its alert would never end. */
function balanceCondition({ lamports, isServed, open }: SignerSight, least: bigint): Reading['condition'] {
  if (least === 0n || (!isServed && open === 0)) return 'well';
  if (lamports === null) return 'between';
  if (lamports < least) return 'bad';
  return lamports * 100n >= least * ENOUGH_PERCENT ? 'well' : 'between';
}

function waitingCondition(waitedMs: number | null, limitMs: number): Reading['condition'] {
  if (waitedMs === null) return 'well';
  if (waitedMs > limitMs) return 'bad';
  return waitedMs <= limitMs / 2 ? 'well' : 'between';
}
