import { pollIntervalMs } from './poll-interval.js';

/** How often a desk looks, and how patient it is; in milliseconds. */
export interface DeskTiming {
  /** Between looks for new requests that nobody announced. */
  readonly intakeMs: number;
  /** Between looks for what an operator wants. */
  readonly wishesMs: number;
  /** Until the next look at the chain, for a transaction that has been followed for so long. */
  readonly pollMs: (followedMs: number) => number;
  /** Between looks at one that is confirmed, until it is final. */
  readonly finalityMs: number;
  /** Between sends of the same bytes. */
  readonly resendMs: number;
  /** Between tries to prove that what nobody knows can never land. */
  readonly proofMs: number;
  /** Between looks at the signer's nonces. */
  readonly noncesMs: number;
  /** Between comparisons of numbers with the chain. */
  readonly reconcileMs: number;
  /** Between counts for the metrics. */
  readonly measureMs: number;
  /** From here on a request that waits for the chain counts as unresolved. */
  readonly unresolvedMs: number;
  /** Before a further version over the same nonce offers more. */
  readonly bumpMs: number;
  /** Between looks for what was prepared and never submitted. */
  readonly forgetMs: number;
  /** How long that is kept: a wallet's minute is long over then, and its owner may still ask what became of it. */
  readonly preparedKeptMs: number;
}

/** A slot takes 400 ms; a leader drops what it has no room for, so the bytes are offered to the next ones. */
export const DESK_TIMING: DeskTiming = {
  intakeMs: 250,
  wishesMs: 1_000,
  pollMs: pollIntervalMs,
  finalityMs: 2_000,
  resendMs: 2_000,
  proofMs: 2_000,
  noncesMs: 30_000,
  reconcileMs: 300_000,
  measureMs: 5_000,
  unresolvedMs: 300_000,
  bumpMs: 15_000,
  forgetMs: 10 * 60_000,
  preparedKeptMs: 24 * 60 * 60_000,
};
