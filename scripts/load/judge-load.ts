import { percentile, rounded } from '../bench/figures.js';
import type { HeardMessage } from './push-listener.js';

/** A claim that landed, with when it was sent and when that was known, on `performance.now()`. */
export interface LandedClaim {
  readonly signature: string;
  readonly packet: string;
  readonly sentAt: number;
  readonly confirmedAt: number;
}

/** A packet as one of its readers says it is. */
export interface PacketReading {
  readonly remainingAmount: string;
  readonly remainingCount: number;
}

/** What a load run came to. */
export interface LoadReport {
  readonly claims: number;
  readonly claimsPerSecond: number;
  /** Claims that did not land, by what the chain said. */
  readonly failed: readonly string[];
  readonly listeners: number;
  /** Connections that ended before the run did. */
  readonly disconnected: number;
  /** Messages that a listener should have heard and did not. */
  readonly lost: number;
  /** Messages that a listener heard twice. */
  readonly repeated: number;
  /** From the transaction being sent, and from its being known to be confirmed (0 where the message was faster), in ms. */
  readonly sentToHeardMs: Spread;
  readonly confirmedToHeardMs: Spread;
  /** Packets about which chain, API and messages do not say the same. */
  readonly wrongPackets: readonly string[];
  readonly isClean: boolean;
}

interface Spread {
  readonly p50: number;
  readonly p99: number;
}

/** Judges a run by what landed on chain: messages by their signatures, remainders by the accounts. */
export function judgeLoad(run: {
  readonly claims: readonly LandedClaim[];
  readonly failed: readonly string[];
  readonly seconds: number;
  readonly heard: readonly (readonly HeardMessage[])[];
  readonly disconnected: number;
  readonly totalAmount: bigint;
  readonly packets: ReadonlyMap<string, { readonly chain: PacketReading | null; readonly api: PacketReading | null }>;
}): LoadReport {
  const bySignature = new Map(run.claims.map((claim) => [claim.signature, claim]));
  const [fromSent, fromConfirmed]: [number[], number[]] = [[], []];
  let [lost, repeated] = [0, 0];
  const amounts = new Map<string, bigint>();
  for (const [position, messages] of run.heard.entries()) {
    const seen = new Set<string>();
    for (const { name, payload, at } of messages) {
      const claim = name === 'packet:claimed' ? bySignature.get(String(payload['signature'])) : undefined;
      if (!claim) continue;
      if (seen.has(claim.signature)) {
        repeated += 1;
        continue;
      }
      seen.add(claim.signature);
      fromSent.push(at - claim.sentAt);
      fromConfirmed.push(Math.max(0, at - claim.confirmedAt));
      if (position > 0) continue;
      amounts.set(claim.packet, (amounts.get(claim.packet) ?? 0n) + BigInt(String(payload['amount'])));
    }
    lost += bySignature.size - seen.size;
  }
  const wrongPackets = [...run.packets].flatMap(([packet, { chain, api }]) => {
    const left = run.totalAmount - (amounts.get(packet) ?? 0n);
    const isRight =
      chain !== null &&
      api !== null &&
      chain.remainingAmount === api.remainingAmount &&
      chain.remainingCount === api.remainingCount &&
      (run.heard.length === 0 || chain.remainingAmount === left.toString());
    return isRight ? [] : [packet];
  });
  return {
    claims: run.claims.length,
    claimsPerSecond: rounded(run.claims.length / run.seconds, 1),
    failed: run.failed,
    listeners: run.heard.length,
    disconnected: run.disconnected,
    ...{ lost, repeated },
    sentToHeardMs: spreadOf(fromSent),
    confirmedToHeardMs: spreadOf(fromConfirmed),
    wrongPackets,
    isClean:
      lost === 0 && repeated === 0 && run.failed.length === 0 && run.disconnected === 0 && wrongPackets.length === 0,
  };
}

function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) return { p50: 0, p99: 0 };
  return { p50: rounded(percentile(values, 0.5)), p99: rounded(percentile(values, 0.99)) };
}
