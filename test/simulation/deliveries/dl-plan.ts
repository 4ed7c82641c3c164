import type { Random } from '../random.js';

/** What an endpoint does to a request instead of taking it and saying so. */
export const ENDPOINT_FAULTS = [
  ...(['errors', 'redirects', 'gone', 'limits', 'hangs', 'slow', 'resets', 'loses-answers'] as const),
] as const;
export type EndpointFault = (typeof ENDPOINT_FAULTS)[number];

/** One thing that goes wrong, or is wished for, at a moment; for a while. */
export type DlPlannedFault = { readonly atMs: number; readonly forMs: number } & (
  | { readonly kind: 'kill'; readonly place: number; readonly afterSteps: number }
  | { readonly kind: 'freeze' | 'stop'; readonly place: number }
  | { readonly kind: 'sleep'; readonly sleepMs: number }
  | { readonly kind: 'database'; readonly share: number }
  | { readonly kind: 'endpoint'; readonly dispatcher: number; readonly what: EndpointFault; readonly share: number }
  | { readonly kind: 'disable' | 'change' | 'remove'; readonly dispatcher: number }
  | { readonly kind: 'jobs' | 'repeat' | 'take-back' | 'anew' }
  | { readonly kind: 'replay'; readonly dispatcher: number; readonly isForced: boolean }
  | { readonly kind: 'invoke'; readonly dispatcher: number }
);

/** Somebody who wants to hear of events. */
export interface PlannedDispatcher {
  readonly environment: string;
  readonly kind: 'webhook' | 'dynamic-trigger' | 'job';
  readonly events: readonly string[];
  /** Tiers of the payload that it wants; null: it has no filter. */
  readonly tiers: readonly string[] | null;
  readonly account: string | null;
  readonly isOrdered: boolean;
  readonly isManual: boolean;
  readonly concurrency: number;
  readonly ratePerSecond: number | null;
  readonly timeoutMs: number;
}

/** Events that are sent in one request. */
export interface PlannedSending {
  readonly atMs: number;
  readonly environment: string;
  readonly events: readonly {
    readonly name: string;
    readonly tier: string;
    readonly owner: string;
    /** The application's name of an account; null: of none. */
    readonly account: string | null;
    /** In seconds; null: at once. */
    readonly deliverAfter: number | null;
  }[];
}

/** What a seed makes of the world. */
export interface DlPlan {
  readonly places: number;
  readonly hasClockTrouble: boolean;
  readonly dispatchers: readonly PlannedDispatcher[];
  readonly sendings: readonly PlannedSending[];
  readonly healAtMs: number;
  readonly faults: readonly DlPlannedFault[];
}

export const ENVIRONMENTS = ['env_a', 'env_b'] as const;
/** Names that both environments have. */
export const ACCOUNTS = ['one', 'two'] as const;
const NAMES = ['order.made', 'order.paid'] as const;
const TIERS = ['gold', 'iron'] as const;
const OWNERS = ['ann', 'bob'] as const;
const HOUR = 3_600_000;
const FIRST_MS = 1_200;
const MANY = 5;
/** Seeds in which days pass, how many, and how long after each other: a desk that nobody wakes looks every 3 s. */
const LONG_SHARE = 0.06;
const NIGHTS = 8;
const NIGHT_EVERY_MS = 3_300;
/** Of somebody whose endpoint is to fail for days, so that there is something to fail with. */
const EAGER = {
  kind: 'webhook',
  events: NAMES,
  tiers: null,
  account: null,
  isManual: false,
  isOrdered: false,
} as const;

/** The id of an account in an environment. */
export function accountId(environment: string, name: string): string {
  return `acc_${environment}_${name}`;
}

/** Draws a plan: a few kinds of faults a seed, so that they meet. */
export function drawDlPlan(random: Random): DlPlan {
  const places = 1 + random.whole(3);
  const isLong = random.chance(LONG_SHARE);
  const healAtMs = isLong ? FIRST_MS + (NIGHTS + 1) * NIGHT_EVERY_MS : FIRST_MS + random.between(3_000, 7_000);
  const environments = ENVIRONMENTS.slice(0, random.chance(0.6) ? 1 : 2);
  const dispatchers = Array.from({ length: 2 + random.whole(3) }, (_, at) => {
    const drawn = drawDispatcher(random, environments);
    return isLong && at === 0 ? { ...drawn, ...EAGER } : drawn;
  });
  const moment = () => random.between(FIRST_MS, healAtMs - 300);
  const sendings = Array.from({ length: 2 + random.whole(4) }, (_, at): PlannedSending => {
    const count = random.chance(0.25) ? MANY : 1 + random.whole(2);
    const isFirst = isLong && at === 0;
    return {
      atMs: isFirst ? FIRST_MS : moment(),
      environment: isFirst ? (dispatchers[0]?.environment ?? ENVIRONMENTS[0]) : random.pick(environments),
      events: Array.from({ length: count }, () => drawEvent(random)),
    };
  });
  const faults = Array.from({ length: 3 + random.whole(6) }, (): DlPlannedFault => {
    const forMs = random.between(300, random.pick([2_000, 10_000]));
    return { atMs: moment(), forMs, ...drawFault(random, places, dispatchers.length) };
  });
  const troubles = dispatchers.flatMap((_, dispatcher) => drawTrouble(random, dispatcher, healAtMs));
  const days = isLong ? drawDays(random, healAtMs) : [];
  return {
    ...{ places, healAtMs, dispatchers, sendings },
    hasClockTrouble: random.chance(0.25),
    faults: [...faults, ...troubles, ...days],
  };
}

/** Whether many events come at once. */
export function isMany({ events }: PlannedSending): boolean {
  return events.length >= MANY;
}

function drawDispatcher(random: Random, environments: readonly string[]): PlannedDispatcher {
  const environment = random.pick(environments);
  return {
    environment,
    kind: random.pick(['webhook', 'webhook', 'webhook', 'webhook', 'dynamic-trigger', 'job']),
    events: random.chance(0.5) ? NAMES : [random.pick(NAMES)],
    tiers: random.chance(0.3) ? [random.pick(TIERS)] : null,
    account: random.chance(0.2) ? accountId(environment, random.pick(ACCOUNTS)) : null,
    isOrdered: random.chance(0.45),
    isManual: random.chance(0.08),
    concurrency: 1 + random.whole(3),
    ratePerSecond: random.chance(0.2) ? 1 + random.whole(3) : null,
    timeoutMs: random.pick([800, 2_000]),
  };
}

function drawEvent(random: Random): PlannedSending['events'][number] {
  return {
    name: random.pick(NAMES),
    tier: random.pick(TIERS),
    owner: random.pick(OWNERS),
    account: random.chance(0.4) ? random.pick(ACCOUNTS) : null,
    deliverAfter: random.chance(0.25) ? random.pick([1, 3, 8, 600, 7_200]) : null,
  };
}

/** What an endpoint begins with, often enough: what is sent meets it. */
function drawTrouble(random: Random, dispatcher: number, healAtMs: number): DlPlannedFault[] {
  if (random.chance(0.55)) return [];
  const what = random.pick(ENDPOINT_FAULTS);
  const forMs = random.between(1_000, healAtMs);
  return [{ atMs: FIRST_MS / 2, forMs, kind: 'endpoint', dispatcher, what, share: random.pick([0.3, 0.7, 1]) }];
}

/** An endpoint that fails while days pass. */
function drawDays(random: Random, healAtMs: number): DlPlannedFault[] {
  const fails = {
    kind: 'endpoint',
    dispatcher: 0,
    what: random.pick(['errors', 'resets'] as const),
    share: 1,
  } as const;
  const nights = Array.from({ length: NIGHTS }, (_, night): DlPlannedFault => {
    const atMs = FIRST_MS + (night + 1) * NIGHT_EVERY_MS;
    return { atMs, forMs: 0, kind: 'sleep', sleepMs: random.between(16, 26) * HOUR };
  });
  return [{ atMs: FIRST_MS / 2, forMs: healAtMs, ...fails }, ...nights];
}

function drawFault(random: Random, places: number, dispatchers: number) {
  const draw = random.next();
  const place = random.whole(places);
  const dispatcher = random.whole(dispatchers);
  if (draw < 0.16) return { kind: 'kill', place, afterSteps: random.whole(90) } as const;
  if (draw < 0.25) return { kind: 'freeze', place } as const;
  if (draw < 0.29) return { kind: 'stop', place } as const;
  if (draw < 0.37) return { kind: 'sleep', sleepMs: random.pick([20_000, 400_000, HOUR, 24 * HOUR]) } as const;
  if (draw < 0.46) return { kind: 'database', share: random.pick([0.03, 0.2, 1]) } as const;
  if (draw < 0.49) return { kind: 'disable', dispatcher } as const;
  if (draw < 0.53) return { kind: 'change', dispatcher } as const;
  if (draw < 0.55) return { kind: 'remove', dispatcher } as const;
  if (draw < 0.57) return { kind: 'jobs' } as const;
  if (draw < 0.6) return { kind: 'repeat' } as const;
  if (draw < 0.62) return { kind: 'take-back' } as const;
  if (draw < 0.67) return { kind: 'anew' } as const;
  if (draw < 0.7) return { kind: 'replay', dispatcher, isForced: random.chance(0.5) } as const;
  if (draw < 0.73) return { kind: 'invoke', dispatcher } as const;
  const what = random.pick(ENDPOINT_FAULTS);
  return { kind: 'endpoint', dispatcher, what, share: random.pick([0.3, 0.7, 1]) } as const;
}
