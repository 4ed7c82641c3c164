import type { Random } from '../random.js';
import { KINDS, type Kind } from './tx-commands.js';
import { NONCES_EACH } from './sim-nonces.js';
import { FINALITY_DEPTH } from './tx-cluster.js';

const NODE_FAULTS = [
  ...(['down', 'silent', 'limited', 'lagging', 'several', 'nonsense'] as const),
  ...(['no-statuses', 'too-low', 'loses', 'late', 'late', 'send-errors', 'send-silence'] as const),
] as const;
/** Of one endpoint alone, and never of the only one: what all of them deny nobody can know. */
const LIES = ['denies', 'no-history', 'too-high', 'denies-and-too-high'] as const;
export type TxNodeFault = (typeof NODE_FAULTS)[number] | (typeof LIES)[number];

/** One thing that goes wrong at a moment, for a while. */
export type TxPlannedFault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'fork'; readonly depth: number; readonly relandShare: number }
  | { readonly kind: 'skips' }
  | { readonly kind: 'node'; readonly node: number; readonly what: TxNodeFault }
  | { readonly kind: 'kill'; readonly place: number; readonly afterSteps: number }
  | { readonly kind: 'freeze'; readonly place: number }
  | { readonly kind: 'database'; readonly share: number; readonly isAfter: boolean }
  | { readonly kind: 'takes' | 'moves' | 'closes'; readonly row: number }
  | { readonly kind: 'broke' | 'pause'; readonly signer: number }
  | { readonly kind: 'cancel' | 'bump' }
  | { readonly kind: 'advances'; readonly signer: number; readonly nonce: number }
);

/** A request that a client makes. */
export interface PlannedRequest {
  readonly atMs: number;
  readonly kind: Kind;
  readonly signer: number;
  readonly row: number;
  /** Of two requests with the same tag the content is the same. */
  readonly tag: number;
  /** How often it is sent for certain, whatever is answered. */
  readonly copies: number;
  /** Whether somebody uses the key for something else as well. */
  readonly isReused: boolean;
  readonly patienceMs: number;
  readonly isOverNonce: boolean;
}

/** What a seed makes of the world. */
export interface TxPlan {
  readonly nodes: number;
  readonly places: number;
  readonly attempts: number;
  readonly hasClockTrouble: boolean;
  readonly answerLoss: number;
  /** Share of the sends that somebody sees and overtakes. */
  readonly rivalShare: number;
  /** Share of the sends over a nonce that somebody sees who advances it at once. */
  readonly advanceShare: number;
  /** Nonce accounts of each signer's pool. */
  readonly noncesEach: number;
  readonly healAtMs: number;
  readonly requests: readonly PlannedRequest[];
  readonly faults: readonly TxPlannedFault[];
}

export const ROWS = 3;
const FIRST_MS = 300;

/** Draws a plan: a few kinds of faults a seed, so that they meet. Nonces have a stream of their own. */
export function drawTxPlan(random: Random, ofNonces: Random, signers: number): TxPlan {
  const nodes = 1 + random.whole(3);
  const places = 1 + random.whole(3);
  const healAtMs = random.between(7_000, 18_000);
  const count = 4 + random.whole(10);
  const liar = random.whole(nodes);
  const nonces = drawNonces(ofNonces, { nodes, signers, liar, healAtMs });
  const faults = Array.from({ length: count }, (): TxPlannedFault => {
    const atMs = random.between(FIRST_MS, healAtMs - 500);
    const forMs = random.between(300, random.pick([3_000, 12_000]));
    return { atMs, forMs, ...drawFault(random, { nodes, places, signers, liar }) };
  });
  const requests = Array.from({ length: 4 + random.whole(9) }, (_, at): PlannedRequest => {
    return {
      atMs: random.between(FIRST_MS, healAtMs - 500),
      kind: random.pick(KINDS),
      signer: random.whole(signers),
      row: random.whole(ROWS),
      tag: at > 0 && random.chance(0.15) ? random.whole(at) : at,
      copies: random.chance(0.25) ? 2 + random.whole(2) : 1,
      isReused: random.chance(0.08),
      patienceMs: random.pick([200, 1_000, 4_000]),
      isOverNonce: ofNonces.chance(nonces.share),
    };
  });
  return {
    ...{ nodes, places, healAtMs, requests, faults: [...faults, ...nonces.faults] },
    noncesEach: nonces.each,
    advanceShare: ofNonces.pick([0, 0, 0.1, 0.4]),
    attempts: random.pick([1, 2, 3]),
    hasClockTrouble: random.chance(0.3),
    answerLoss: random.pick([0, 0, 0.1, 0.5]),
    rivalShare: random.pick([0, 0, 0.1, 0.4]),
  };
}

/** How many requests are signed over nonces, out of how large pools, and what goes wrong where they are. */
function drawNonces(
  random: Random,
  { nodes, signers, liar, healAtMs }: { nodes: number; signers: number; liar: number; healAtMs: number },
): { readonly share: number; readonly each: number; readonly faults: readonly TxPlannedFault[] } {
  const share = random.pick([0, 0, 0.3, 0.6, 1]);
  const each = 1 + random.whole(NONCES_EACH);
  const faults = Array.from({ length: share === 0 ? 0 : random.whole(7) }, (): TxPlannedFault => {
    const base = { atMs: random.between(FIRST_MS, healAtMs - 500), forMs: random.between(300, 12_000) };
    const draw = random.next();
    if (draw < 0.3) return { ...base, kind: 'bump' };
    if (draw < 0.4 && nodes > 1) return { ...base, kind: 'node', node: liar, what: random.pick(LIES) };
    if (draw < 0.5) return { ...base, kind: 'node', node: random.whole(nodes), what: random.pick(NODE_FAULTS) };
    return { ...base, kind: 'advances', signer: random.whole(signers), nonce: random.whole(each) };
  });
  return { share, each, faults };
}

function drawFault(
  random: Random,
  { nodes, places, signers, liar }: { nodes: number; places: number; signers: number; liar: number },
) {
  const draw = random.next();
  const place = random.whole(places);
  const signer = random.whole(signers);
  const row = random.whole(ROWS);
  if (draw < 0.14) {
    const depth = 1 + random.whole(random.chance(0.4) ? FINALITY_DEPTH : 4);
    return { kind: 'fork', depth, relandShare: random.pick([0, 0.5, 0.9, 1]) } as const;
  }
  if (draw < 0.17) return { kind: 'skips' } as const;
  if (draw < 0.27) return { kind: 'kill', place, afterSteps: random.whole(120) } as const;
  if (draw < 0.34) return { kind: 'freeze', place } as const;
  if (draw < 0.41) {
    return { kind: 'database', share: random.between(0.01, 0.3), isAfter: random.chance(0.5) } as const;
  }
  if (draw < 0.5) return { kind: random.pick(['takes', 'takes', 'moves', 'closes'] as const), row } as const;
  if (draw < 0.53) return { kind: 'broke', signer } as const;
  if (draw < 0.55) return { kind: 'pause', signer } as const;
  if (draw < 0.58) return { kind: 'cancel' } as const;
  if (nodes > 1 && random.chance(0.2)) return { kind: 'node', node: liar, what: random.pick(LIES) } as const;
  return { kind: 'node', node: random.whole(nodes), what: random.pick(NODE_FAULTS) } as const;
}
