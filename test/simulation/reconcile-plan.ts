import type { PlannedFault } from './fault-plan.js';
import type { Random } from './random.js';

/** What a seed has to do with reconcile. */
export interface ReconcilePlan {
  /** Environment variables; empty: nobody reconciles. */
  readonly settings: Readonly<Record<string, string>>;
  readonly faults: readonly PlannedFault[];
}

/** So much of all seeds. */
const SHARE = 0.45;
const DAMAGES = ['changes', 'deletes', 'invents'] as const;
/** Of all accounts, what an endpoint does not show: one of them, some, all. */
const HIDDEN_SHARES = [0, 0.3, 1] as const;

/**
 * Draws whether somebody reconciles, how often, and what is damaged meanwhile. Only there: what is damaged where nobody
 * reconciles stays so.
 */
export function drawReconcile(
  random: Random,
  nodes: number,
  { firstFaultMs, healAtMs }: { readonly firstFaultMs: number; readonly healAtMs: number },
): ReconcilePlan {
  if (!random.chance(SHARE)) return { settings: {}, faults: [] };
  const atMs = () => random.between(firstFaultMs, healAtMs - 500);
  const damages = Array.from({ length: 1 + random.whole(4) }, (): PlannedFault => {
    return { kind: 'damage', atMs: atMs(), forMs: 0, what: random.pick(DAMAGES) };
  });
  // Of one endpoint, and never of the only one: what all of them lack is not there for anybody.
  const node = random.whole(nodes);
  const hidings = Array.from({ length: nodes > 1 ? random.whole(3) : 0 }, (): PlannedFault => {
    const share = random.pick(HIDDEN_SHARES);
    return { kind: 'hides', atMs: atMs(), forMs: random.between(2_000, 8_000), node, share };
  });
  return {
    settings: {
      RECONCILE_SCHEDULE: random.pick(['* * * * * *', '*/2 * * * * *', '*/5 * * * * *']),
      RECONCILE_FULL_INTERVAL_MS: random.pick(['1000', '6000', '20000']),
    },
    faults: [...damages, ...hidings],
  };
}
