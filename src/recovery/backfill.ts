import type { DomainModule } from '../domain-kit/domain-module.js';
import { backoffMs } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { holdOnce } from '../leases/hold-once.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { StaleFenceError, touchLease, type HeldLease } from '../leases/lease.js';
import { ensureBackfills, readBackfill, storeBackfill, type StoredBackfill } from '../ledger/backfill-state.js';
import { lowerSince, readFrontier, type StoredWalks } from '../ledger/frontier.js';
import { readFirstFinalAbove } from '../ledger/read-records.js';
import { chooseWalkers, walkUntilAgreed, type AgreeingOutcome, type WalkersOutcome } from './agreeing-walks.js';
import { planBackfill, type BackfillStart } from './backfill-plan.js';
import type { Span } from './span-listing.js';
import { NOTHING_TAKEN, sumOfCounts, type TakeCounts } from './take-walk.js';
import { walkSpan, type WalkDependencies, type WalkEndpoint } from './walk-span.js';

/** Reasons that may be gone a moment later: asked again before a command of an hour gives up. */
const PASSING = new Set<StopReason>([
  ...(['unreachable', 'timeout', 'rate-limited', 'server-error', 'not-ready', 'malformed-answer'] as const),
  ...(['fetch-failed', 'inconsistent', 'walks-disagree'] as const),
]);
/** Failures in a row, without a page in between, before it gives up: about two minutes. */
const PATIENCE = { failures: 8, backoff: { firstMs: 1_000, maxMs: 30_000, jitter: 0.2 } };

/** taken-over: this process stood still for so long that another one has gone on with the same backfill. */
type StopReason = Extract<AgreeingOutcome | WalkersOutcome, { kind: 'stopped' }>['reason'] | 'taken-over';

/** What a backfill needs. */
export interface BackfillDependencies extends WalkDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Who this process is, and how long it may stand still before another one may go on, in milliseconds. */
  readonly lease: { readonly holder: string; readonly termMs: number };
  /** In order of preference. */
  readonly endpoints: () => readonly WalkEndpoint[];
  readonly onProgress?: (progress: BackfillProgress) => void;
  /** Said at the start, when somebody else may be at work: it takes a term to see whether that process lives. */
  readonly onWait?: (holder: string) => void;
  /** Said at the start, when it goes on with one that did not end. */
  readonly onResumed?: (earlier: { readonly span: Span; readonly counts: TakeCounts }) => void;
}

/** What is asked of it. */
export interface BackfillRequest {
  readonly start: BackfillStart;
  readonly untilSlot: number | null;
  /** Begins anew instead of going on with one that did not end. */
  readonly restart: boolean;
  /** Counts what would come, and stores nothing. */
  readonly dryRun: boolean;
}

export interface BackfillProgress {
  readonly span: Span;
  /** 1 fetches; the ones after it compare. */
  readonly walk: number;
  /** The oldest slot reached by this walk. */
  readonly atSlot: number;
  readonly counts: TakeCounts;
}

/** How it ended. `counts` and `ranMs` include what earlier runs of the same backfill did. */
export type BackfillOutcome =
  | {
      readonly kind: 'complete' | 'counted';
      readonly span: Span;
      readonly counts: TakeCounts;
      readonly ranMs: number;
      /** True when it went on with an earlier one. */
      readonly resumed: boolean;
      /** Where complete history begins now; null where no worker has said so yet. */
      readonly since: number | null;
      /** True when this span has joined complete history. */
      readonly joined: boolean;
    }
  | { readonly kind: 'nothing-to-do'; readonly since: number }
  | { readonly kind: 'refused'; readonly why: string }
  | {
      readonly kind: 'stopped';
      readonly reason: StopReason;
      readonly detail: string;
      readonly span: Span | null;
      readonly counts: TakeCounts;
      readonly ranMs: number;
      readonly resumed: boolean;
    };

type Stopped = Extract<BackfillOutcome, { kind: 'stopped' }>;

/**
 * Brings a span of history into the ledger, newest first, as `received` records that whoever holds the program's lease
 * projects. It can be killed at any time: what it keeps is kept after the records it speaks of, and the same request goes
 * on from there. Complete history is said to begin earlier only once two walks over the whole span agree (I4).
 *
 * One process at a time works on a program's: a second one is refused while the first lives, and what it keeps is kept
 * under a lease, so that one that was stopped and goes on late changes nothing of what came after it (I8).
 * @throws RpcError and MongoError where even asking for the head or the state fails; everything before is kept.
 */
export async function backfill(
  dependencies: BackfillDependencies,
  module: DomainModule,
  request: BackfillRequest,
): Promise<BackfillOutcome> {
  if (request.dryRun) return prepare(dependencies, module, request, null);
  const { db, clock, log, signal, lease, onWait } = dependencies;
  await ensureBackfills(db);
  const held = await holdOnce(
    { db, clock, log, ...lease, ...(signal ? { signal } : {}), ...(onWait ? { onWait } : {}) },
    `backfill:${module.name}`,
    async (mine, lost): Promise<BackfillOutcome> => {
      const told = signal ? AbortSignal.any([signal, lost]) : lost;
      try {
        const outcome = await prepare({ ...dependencies, signal: told }, module, request, mine);
        return outcome.kind === 'stopped' && lost.aborted ? takenOver(module, outcome) : outcome;
      } catch (error) {
        if (!(error instanceof StaleFenceError)) throw error;
        return takenOver(module, NOTHING_DONE);
      }
    },
  );
  switch (held.kind) {
    case 'done':
      return held.value;
    case 'told-to':
      return { kind: 'stopped', reason: 'told-to', detail: 'somebody asked', ...NOTHING_DONE };
    case 'busy': {
      const begunAt = (await readBackfill(db, module.name))?.begunAt;
      const since = begunAt ? `since ${begunAt.toISOString()}` : 'since just now';
      const why = `a backfill of ${module.name} is under way ${since}, and its process (${held.holder}) is alive: let it end, or stop it first`;
      return { kind: 'refused', why };
    }
  }
}

const NOTHING_DONE = { span: null, counts: NOTHING_TAKEN, ranMs: 0, resumed: false };

function takenOver(module: DomainModule, done: Omit<Stopped, 'kind' | 'reason' | 'detail'>): Stopped {
  const detail =
    `this process stood still, or could not reach the database, for so long that another one may go on with the ` +
    `backfill of ${module.name}; nothing is lost`;
  return { ...done, kind: 'stopped', reason: 'taken-over', detail };
}

/** Looks at what was asked for and what is there, and does it; `lease` null: nothing may be stored. */
async function prepare(
  dependencies: BackfillDependencies,
  module: DomainModule,
  request: BackfillRequest,
  lease: HeldLease | null,
): Promise<BackfillOutcome> {
  const { db, clock, endpoints } = dependencies;
  const asked = JSON.stringify([request.start, request.untilSlot]);
  const stored = request.restart || lease === null ? null : await readBackfill(db, module.name);
  if (stored && stored.asked !== asked) {
    const { fromSlot, toSlot } = stored.walks;
    const why = `a backfill of slots ${fromSlot} to ${toSlot} has not ended: run it again as it was, or begin anew with --restart`;
    return { kind: 'refused', why };
  }
  const begun = clock.monotonic();
  const ranMs = () => (stored?.ranMs ?? 0) + Math.round(clock.monotonic() - begun);
  const walkers = await chooseWalkers(endpoints(), stored?.walks.toSlot ?? 0);
  if (walkers.kind === 'stopped') {
    return { ...walkers, span: null, counts: stored?.counts ?? NOTHING_TAKEN, ranMs: ranMs(), resumed: false };
  }
  const plan = stored ? ({ kind: 'walk', span: spanOf(stored.walks) } as const) : await plannedBy(walkers);
  if (plan.kind !== 'walk') return plan;
  const { span } = plan;
  const run = { dependencies, module, span, asked, ranMs };
  const begunAt = new Date(clock.now());
  if (lease === null) return count(run, walkers.endpoints);
  if (stored) dependencies.onResumed?.({ span, counts: stored.counts });
  const keep = (state: StoredBackfill | null) =>
    inLeaseTransaction(db, lease, async (session) => {
      await storeBackfill(db, session, module.name, state);
      await touchLease(db, lease, session);
    });
  return walkPatiently({ ...run, begunAt, keep }, stored);

  async function plannedBy({ finalizedSlot, endpoints: [preferred] }: Extract<WalkersOutcome, { kind: 'ready' }>) {
    const firstAvailable = (await preferred?.chain.firstAvailableBlock()) ?? 0;
    const frontier = await readFrontier(db, module.name);
    return planBackfill({ ...request, frontier, finalizedSlot, firstAvailable });
  }
}

interface Run {
  readonly dependencies: BackfillDependencies;
  readonly module: DomainModule;
  readonly span: Span;
  readonly asked: string;
  readonly ranMs: () => number;
}

interface KeptRun extends Run {
  readonly begunAt: Date;
  /** Stores how far it came, or that it has ended (null). @throws StaleFenceError when another process goes on with it. */
  readonly keep: (state: StoredBackfill | null) => Promise<void>;
}

async function walkPatiently(run: KeptRun, resumed: StoredBackfill | null): Promise<BackfillOutcome> {
  const { dependencies, module, span, asked, ranMs, begunAt, keep } = run;
  const { db, clock, random, signal, log, endpoints, onProgress } = dependencies;
  let stored: StoredBackfill | null = resumed;
  let counts: TakeCounts = stored?.counts ?? NOTHING_TAKEN;
  const store = async (walks: StoredWalks) => {
    stored = { asked, walks, counts, ranMs: ranMs(), begunAt };
    await keep(stored);
  };
  // From now on: a process that is killed before its first page is known to have begun.
  await store(resumed?.walks ?? { ...span, finished: [], current: null });
  const startBelow = await cursorAbove(run);
  for (let failures = 0; ;) {
    const walkers = await chooseWalkers(endpoints(), span.toSlot);
    const outcome =
      walkers.kind === 'stopped'
        ? walkers
        : await walkUntilAgreed(dependencies, module, {
            ...{
              span,
              endpoints: walkers.endpoints,
              stored: stored?.walks ?? null,
              source: 'backfill',
              store,
              startBelow,
            },
            onTaken: (more, walk, atSlot) => {
              failures = 0;
              // The walks after the first list the same again.
              counts = sumOfCounts(counts, walk === 0 ? more : { ...more, listed: 0, known: 0 });
              onProgress?.({ span, walk: walk + 1, atSlot, counts });
            },
          });
    if (outcome.kind === 'agreed') {
      // An earlier walk may have listed less.
      const { listed } = outcome;
      counts = { ...counts, listed, known: listed - counts.found - counts.parked };
      const joined = await lowerSince(db, module.name, span.fromSlot, span.toSlot);
      await keep(null);
      const since = (await readFrontier(db, module.name))?.since ?? null;
      return { kind: 'complete', span, counts, ranMs: ranMs(), resumed: resumed !== null, since, joined };
    }
    failures += 1;
    if (signal?.aborted || !PASSING.has(outcome.reason) || failures > PATIENCE.failures) {
      return { ...outcome, span, counts, ranMs: ranMs(), resumed: resumed !== null };
    }
    // Walks that disagree are made anew: history that was incomplete for a while is complete a little later.
    if (outcome.reason === 'walks-disagree') await store({ ...span, finished: [], current: null });
    log.warn({ reason: outcome.reason, detail: outcome.detail }, 'the backfill goes on in a moment');
    await clock.sleep(backoffMs(PATIENCE.backoff, failures - 1, random), signal);
  }
}

/** One walk that lists and asks the ledger, and takes in nothing. */
async function count(
  { dependencies, module, span, ranMs }: Run,
  [endpoint]: readonly WalkEndpoint[],
): Promise<BackfillOutcome> {
  let counts = NOTHING_TAKEN;
  if (!endpoint) throw new Error('walkers that are ready have an endpoint');
  const outcome = await walkSpan(dependencies, module, endpoint, {
    ...{ span, startAt: null, source: 'backfill', dryRun: true },
    onDurable: async (_, more, atSlot) => {
      counts = sumOfCounts(counts, more);
      dependencies.onProgress?.({ span, walk: 1, atSlot, counts });
    },
  });
  if (outcome.kind === 'stopped') return { ...outcome, span, counts, ranMs: ranMs(), resumed: false };
  const since = (await readFrontier(dependencies.db, module.name))?.since ?? null;
  return { kind: 'counted', span, counts, ranMs: ranMs(), resumed: false, since, joined: false };
}

/**
 * A transaction above the span to begin below, so that a backfill does not list everything since: whatever order a node
 * gives to the slot it is in, the whole span is older.
 */
async function cursorAbove({ dependencies, module, span }: Run) {
  const above = await readFirstFinalAbove(dependencies.db, module.name, span.toSlot);
  return above === null ? undefined : { before: above.signature, slot: above.slot, mustRepeat: null };
}

function spanOf({ fromSlot, toSlot }: StoredWalks): Span {
  return { fromSlot, toSlot };
}
