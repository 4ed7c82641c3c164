import type { RealBackfillReport } from './backfill-real.js';
import type { BackfillReport } from './backfill.js';
import type { DecodingReport } from './decoding.js';
import { rounded } from './figures.js';
import type { IsolationReport } from './isolation.js';
import type { LatencyReport } from './latency.js';
import type { LossReport } from './loss.js';
import type { DeliveriesReport } from './deliveries.js';
import type { MatchingReport } from './matching.js';
import type { MemoryReport } from './memory.js';
import type { PipelineReport } from './pipeline.js';
import type { ReconcileReport } from './reconcile.js';
import type { RoutingReport } from './routing.js';
import type { TransactionsReport } from './transactions.js';

/** The parts that were run. */
export interface BenchFigures {
  readonly decoding?: DecodingReport;
  readonly matching?: MatchingReport;
  readonly deliveries?: DeliveriesReport;
  readonly pipeline?: PipelineReport;
  readonly latency?: LatencyReport;
  readonly memory?: MemoryReport;
  readonly backfill?: BackfillReport;
  readonly realBackfill?: RealBackfillReport;
  readonly reconcile?: ReconcileReport;
  readonly isolation?: IsolationReport;
  readonly routing?: RoutingReport;
  readonly transactions?: TransactionsReport;
  readonly loss?: LossReport;
}

/** What a figure should be, and whether it is. */
export interface Goal {
  readonly goal: string;
  readonly value: number;
  readonly met: boolean;
}

/** Pipeline over plain inserts of the same documents: a bare prototype without mooring's promises had 0.44 to 0.49. */
const PIPELINE_RATIO = 0.5;
/** From `confirmed` to readable, in milliseconds. */
const LATENCY_P99_MS = 2_000;
const MEMORY_MB = 512;
/** A day of a busy program (a million events) in three hours and a half. */
const BACKFILL_EVENTS_PER_MINUTE = 5_000;
/** Of the heap, from the first look to the last: what five times the history may cost. */
const FLAT_MB = 10;
/** Time per account, when there are ten times as many of them. */
const RECONCILE_GROWTH = 1.5;
/** A pass that finds nothing, over the bare requests it makes. */
const RECONCILE_OVER_PLAIN = 2;
/** Of the others' p99, while every handler of one program throws. */
const ISOLATION_RATIO = 2;
/** Requests that go straight to who holds their key, while a node dies every ten seconds. */
const ROUTING_HIT_RATE = 0.95;
/** Numbers given to the requests of one signer in a second, and how long each may take. */
const ALLOCATIONS_PER_SECOND = 1_000;
const ALLOCATION_P99_MS = 500;
const SHARED_WRITES = 0.8;

/** A look costs the same however much waits; twice leaves room for a machine that has other work. */
const DELIVERY_GROWTH = 2;
/** Of scheduled ones on an idle system. */
const DELIVERY_LATE_P99_MS = 1_000;

/** Compares the figures with the goals of docs/benchmarks.md. */
export function judge({
  decoding,
  matching,
  pipeline,
  latency,
  memory,
  backfill,
  realBackfill,
  reconcile,
  isolation,
  routing,
  transactions,
  deliveries,
  loss,
}: BenchFigures): Goal[] {
  const goals: Goal[] = [];
  if (decoding) {
    const { ordinary, long } = decoding;
    goals.push(
      { goal: 'decoding: faster than EventParser', value: ordinary.ratio, met: ordinary.ratio > 1 },
      { goal: 'decoding: faster than EventParser, long log', value: long.ratio, met: long.ratio > 1 },
    );
  }
  if (deliveries) {
    const { growth: value, lateness } = deliveries;
    const { early, p99Ms } = lateness;
    goals.push(
      { goal: 'deliveries: a longer queue costs at most twice as much', value, met: value <= DELIVERY_GROWTH },
      { goal: 'deliveries: nothing is told early', value: early, met: early === 0 },
      {
        goal: `deliveries: scheduled ones at most ${DELIVERY_LATE_P99_MS} ms late, p99`,
        value: p99Ms,
        met: p99Ms < DELIVERY_LATE_P99_MS,
      },
    );
  }
  if (matching) {
    const { strictOverMingo: value } = matching;
    goals.push({ goal: 'matching: faster than mingo', value, met: value > 1 });
  }
  for (const { events, ratio } of pipeline?.sizes ?? []) {
    goals.push({
      goal: `pipeline: at least ${PIPELINE_RATIO} of plain inserts, ${events} events`,
      value: ratio,
      met: ratio >= PIPELINE_RATIO,
    });
  }
  for (const { slotTimeMs, ...channels } of latency?.slots ?? []) {
    for (const channel of ['log', 'cpi'] as const) {
      const { p99Ms } = channels[channel];
      goals.push({
        goal: `latency: p99 below ${LATENCY_P99_MS} ms from confirmed to readable, ${channel} events at slots of ${slotTimeMs} ms`,
        value: p99Ms,
        met: p99Ms < LATENCY_P99_MS,
      });
    }
  }
  if (memory) {
    goals.push({
      goal: `memory: below ${MEMORY_MB} MB`,
      value: memory.maxRssMb,
      met: memory.maxRssMb < MEMORY_MB,
    });
  }
  if (backfill) {
    const { sameLedger, sameDocuments, kills } = backfill.killed;
    const perMinute = backfill.unlimited.eventsPerSecond * 60;
    goals.push(
      {
        goal: `backfill: the same ledger and documents after ${kills} kills`,
        value: Number(sameLedger && sameDocuments),
        met: sameLedger && sameDocuments,
      },
      {
        goal: `backfill: at least ${BACKFILL_EVENTS_PER_MINUTE} events/min`,
        value: perMinute,
        met: perMinute >= BACKFILL_EVENTS_PER_MINUTE,
      },
    );
    const [first, last] = [backfill.memory[0], backfill.memory.at(-1)];
    if (first && last) {
      const growth = rounded(last.heapMb - first.heapMb, 1);
      goals.push({
        goal: `backfill: the heap grows by less than ${FLAT_MB} MB from a fifth to the end`,
        value: growth,
        met: growth < FLAT_MB,
      });
    }
  }
  if (realBackfill) {
    const { chain, kills, same, right } = realBackfill;
    goals.push({
      goal: `backfill on a ${chain}: the same after ${kills} kills, and what chain and accounts say`,
      value: Number(same && right),
      met: same && right,
    });
  }
  if (reconcile) goals.push(...judgeReconcile(reconcile));
  if (isolation) {
    const { failing, healthy, ratio } = isolation;
    const wrong = failing.wrong + healthy.wrong;
    goals.push(
      { goal: `isolation: p99 within ${ISOLATION_RATIO} ×`, value: ratio, met: ratio <= ISOLATION_RATIO },
      { goal: 'isolation: no document of the others is wrong', value: wrong, met: wrong === 0 },
    );
  }
  if (routing) {
    const { hitRate } = routing;
    goals.push({
      goal: `routing: more than ${ROUTING_HIT_RATE} of the requests go to who holds their key`,
      value: hitRate,
      met: hitRate > ROUTING_HIT_RATE,
    });
  }
  if (transactions) goals.push(...judgeTransactions(transactions));
  if (loss) {
    goals.push({
      goal: 'loss: mooring lost, doubled and invented nothing, no document is wrong',
      value: Number(loss.clean),
      met: loss.clean,
    });
  }
  return goals;
}

function judgeTransactions({ allocations, landing }: TransactionsReport): Goal[] {
  const { open } = allocations;
  const asked = open.find(({ load }) => load > ALLOCATIONS_PER_SECOND) ?? open.at(-1);
  const { doubled, falseFailures, falseSuccesses } = landing.mooring;
  const wrong = doubled + falseFailures + falseSuccesses;
  const wrongGoal = {
    goal: 'transactions: mooring doubled nothing and said nothing false',
    value: wrong,
    met: wrong === 0,
  };
  if (!asked) return [wrongGoal];
  const { load, perSecond, p99Ms, shared } = asked;
  const at = `numbers asked for ${load} times a second`;
  return [
    {
      goal: `transactions: more than ${ALLOCATIONS_PER_SECOND}/s for one signer, ${at}`,
      value: perSecond,
      met: perSecond > ALLOCATIONS_PER_SECOND,
    },
    { goal: `transactions: p99 below ${ALLOCATION_P99_MS} ms, ${at}`, value: p99Ms, met: p99Ms < ALLOCATION_P99_MS },
    {
      goal: `transactions: more than ${SHARED_WRITES} share a write, ${at}`,
      value: shared,
      met: shared > SHARED_WRITES,
    },
    wrongGoal,
  ];
}

function judgeReconcile({ sizes, distant, growth, maxRssMb }: ReconcileReport): Goal[] {
  const sum = (of: (size: ReconcileReport['sizes'][number]) => number) =>
    sizes.reduce((total, size) => total + of(size), 0);
  const written = sum(({ second }) => second.pass.documentsWritten + second.pass.recordsWritten);
  const left = sum(({ first, second, third, wrong }) => first.left + second.pass.left + third.left + wrong);
  const beside = [...sizes.slice(-1).map(({ second }) => second), distant];
  return [
    { goal: 'reconcile: a second pass writes nothing', value: written, met: written === 0 },
    { goal: 'reconcile: nothing is left wrong', value: left, met: left === 0 },
    { goal: `reconcile: below ${MEMORY_MB} MB`, value: maxRssMb, met: maxRssMb < MEMORY_MB },
    ...(['first', 'second'] as const).map((pass) => ({
      goal: `reconcile: time per account grows by less than ${RECONCILE_GROWTH}, ${pass} pass`,
      value: growth[pass],
      met: growth[pass] < RECONCILE_GROWTH,
    })),
    ...beside.map(({ delayMs, ratio }) => ({
      goal: `reconcile: a second pass takes at most ${RECONCILE_OVER_PLAIN} × its bare requests, ${delayMs} ms away`,
      value: ratio,
      met: ratio <= RECONCILE_OVER_PLAIN,
    })),
  ];
}
