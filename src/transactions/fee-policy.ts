import type { AttemptFee } from './managed-transaction.js';

/** How much is offered for compute units, in micro-lamports each. */
export interface FeePolicy {
  /** 0..100, of what was paid lately for the same writable accounts. */
  readonly percentile: number;
  readonly floor: number;
  readonly cap: number;
}

/** The most a transaction may ask for (solana-compute-budget `MAX_COMPUTE_UNIT_LIMIT`). */
export const MAX_COMPUTE_UNITS = 1_400_000;
/** The two instructions that set limit and price cost 150 each themselves. */
const BUDGET_UNITS = 300;
const HEADROOM_PERCENT = 110;
const RAISE_PERCENT = 150;
/** Where nothing is offered yet a share of it would be nothing. */
const LEAST_RAISE = 1_000;

/**
 * The price of an attempt: the percentile of recent slots, at least the floor, at most the cap. The node gives each slot's
 * minimum, often 0 (TRAPS 21).
 */
export function unitPrice(recent: readonly { readonly fee: number }[], policy: FeePolicy): number {
  const fees = recent.map(({ fee }) => fee).sort((a, b) => a - b);
  const rank = Math.min(fees.length - 1, Math.max(0, Math.ceil((policy.percentile / 100) * fees.length) - 1));
  return within(fees[rank] ?? 0, policy);
}

/** What a further attempt offers after one at `previous` did not land; null when that was the cap already. */
export function raisedUnitPrice(previous: number, market: number, policy: FeePolicy): number | null {
  const raised = Math.max(market, Math.ceil((previous * RAISE_PERCENT) / 100), previous + LEAST_RAISE);
  const price = within(raised, policy);
  return price > previous ? price : null;
}

/** The limit to ask for: what the simulation used and a tenth more; null where it did not say. */
export function unitLimit(unitsConsumed: number | null): number | null {
  if (unitsConsumed === null) return null;
  return Math.min(MAX_COMPUTE_UNITS, Math.ceil((unitsConsumed * HEADROOM_PERCENT) / 100) + BUDGET_UNITS);
}

/** Of the runtime (`solana_fee_structure`): for each signature. */
const LAMPORTS_PER_SIGNATURE = 5_000n;
const MICRO_LAMPORTS = 1_000_000n;

/** What a transaction pays for landing, in lamports; without a limit of its own, at most. */
export function feeLamports(
  fee: AttemptFee,
  signatures: number,
): { readonly signatures: bigint; readonly priority: bigint } {
  const microLamports = BigInt(fee.unitLimit ?? MAX_COMPUTE_UNITS) * BigInt(fee.unitPrice);
  return {
    signatures: BigInt(signatures) * LAMPORTS_PER_SIGNATURE,
    priority: (microLamports + MICRO_LAMPORTS - 1n) / MICRO_LAMPORTS,
  };
}

function within(price: number, { floor, cap }: FeePolicy): number {
  return Math.min(cap, Math.max(floor, price));
}
