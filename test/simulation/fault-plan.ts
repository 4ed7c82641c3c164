import { FINALITY_DEPTH } from './chain/cluster.js';
import type { DamageKind } from './damage.js';
import type { Random } from './random.js';
import { drawReconcile } from './reconcile-plan.js';

/** One thing that goes wrong at a moment, for a while. */
export type PlannedFault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'fork'; readonly depth: number; readonly relandShare: number }
  | { readonly kind: 'skips' }
  | { readonly kind: 'node'; readonly node: number; readonly what: NodeFault }
  | { readonly kind: 'cut'; readonly node: number }
  | { readonly kind: 'kill'; readonly worker: number; readonly afterSteps: number }
  | { readonly kind: 'freeze'; readonly worker: number }
  | { readonly kind: 'database'; readonly share: number; readonly isAfter: boolean }
  | { readonly kind: 'handler' }
  | { readonly kind: 'damage'; readonly what: DamageKind }
  /** share: of all accounts, 0 = one of them. */
  | { readonly kind: 'hides'; readonly node: number; readonly share: number }
);

const NODE_FAULTS = [
  ...['down', 'silent', 'limited', 'lagging', 'nonsense', 'omits', 'forgets', 'denies', 'no-logs'],
  ...['refuses-sockets', 'half-open', 'drops', 'doubles', 'disorder', 'phantoms'],
] as const;
export type NodeFault = (typeof NODE_FAULTS)[number];

/** What a seed makes of the world. */
export interface FaultPlan {
  readonly nodes: number;
  readonly workers: number;
  readonly hasClockTrouble: boolean;
  /** What the nodes give of a list at most, whatever they are asked for; null: what they are asked for. */
  readonly pageCap: number | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly isReconciled: boolean;
  /** Transactions a second. */
  readonly traffic: number;
  /** Slots that pass before the first worker starts: history for its first sweep. */
  readonly slotsBefore: number;
  /** From here on nothing goes wrong any more, and everything has to become right. */
  readonly healAtMs: number;
  readonly faults: readonly PlannedFault[];
}

const FIRST_FAULT_MS = 1_500;
/** More than a slot has, as on every node: a list that cannot get past one slot has no next page. */
const SMALLEST_PAGE = 20;

/**
 * Draws a plan: a few kinds of faults a seed, each several times, so that they meet. Reconcile has a stream of its own:
 * where nobody reconciles a seed stays what it was.
 */
export function drawPlan(random: Random, ofReconcile: Random): FaultPlan {
  const nodes = 1 + random.whole(3);
  const workers = 1 + random.whole(3);
  const healAtMs = FIRST_FAULT_MS + random.between(5_000, 14_000);
  const count = 3 + random.whole(10);
  const faults = Array.from({ length: count }, (): PlannedFault => {
    const atMs = random.between(FIRST_FAULT_MS, healAtMs - 1_000);
    const forMs = random.between(300, 5_000);
    return { atMs, forMs, ...drawFault(random, nodes, workers) };
  });
  const reconcile = drawReconcile(ofReconcile, nodes, { firstFaultMs: FIRST_FAULT_MS, healAtMs });
  return {
    ...{ nodes, workers, healAtMs, faults: [...withOneLiar(faults), ...reconcile.faults] },
    hasClockTrouble: random.chance(0.3),
    isReconciled: 'RECONCILE_SCHEDULE' in reconcile.settings,
    settings: {
      SOURCE: random.chance(0.12) ? 'polling' : 'socket',
      CONFIRMATIONS: random.chance(0.15) ? String(1 + random.whole(4)) : '0',
      ...reconcile.settings,
    },
    traffic: random.between(0.5, 5),
    slotsBefore: random.pick([14, 20, 60]),
    pageCap: random.chance(0.25) ? SMALLEST_PAGE + random.whole(30) : null,
  };
}

/** Where two endpoints deny the same, nobody can know better: of those that do, only the first is kept. */
function withOneLiar(faults: readonly PlannedFault[]): PlannedFault[] {
  const liar = faults.find((fault) => fault.kind === 'node' && fault.what === 'denies');
  return faults.filter((fault) => {
    if (liar?.kind !== 'node' || fault.kind !== 'node' || fault.what !== 'denies') return true;
    return fault.node === liar.node;
  });
}

function drawFault(random: Random, nodes: number, workers: number) {
  const draw = random.next();
  const node = random.whole(nodes);
  const worker = random.whole(workers);
  if (draw < 0.17) {
    const depth = 1 + random.whole(random.chance(0.3) ? FINALITY_DEPTH : 4);
    return { kind: 'fork', depth, relandShare: random.pick([0, 0.5, 0.9, 1]) } as const;
  }
  if (draw < 0.21) return { kind: 'skips' } as const;
  if (draw < 0.25) return { kind: 'cut', node } as const;
  if (draw < 0.35) return { kind: 'kill', worker, afterSteps: random.whole(60) } as const;
  if (draw < 0.41) return { kind: 'freeze', worker } as const;
  if (draw < 0.5) {
    return { kind: 'database', share: random.between(0.01, 0.3), isAfter: random.chance(0.5) } as const;
  }
  if (draw < 0.53) return { kind: 'handler' } as const;
  // One endpoint alone that denies what landed is all the truth there is: only a second one can contradict it.
  const possible = NODE_FAULTS.filter((what) => nodes > 1 || (what !== 'denies' && what !== 'no-logs'));
  return { kind: 'node', node, what: random.pick(possible) } as const;
}
