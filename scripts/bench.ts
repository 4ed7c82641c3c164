import { Argument, Option } from 'commander';
import { startDatabase } from '../src/dev/embedded-database.js';
import { messageOf } from '../src/lib/errors.js';
import { benchRealBackfill } from './bench/backfill-real.js';
import { benchBackfill } from './bench/backfill.js';
import { benchDecoding } from './bench/decoding.js';
import { benchDeliveries } from './bench/deliveries.js';
import { describeMachine } from './bench/figures.js';
import { judge, type BenchFigures } from './bench/goals.js';
import { benchIsolation } from './bench/isolation.js';
import { benchLatency } from './bench/latency.js';
import { benchLoss } from './bench/loss.js';
import { benchMatching } from './bench/matching.js';
import { benchMemory } from './bench/memory.js';
import { benchPipeline } from './bench/pipeline.js';
import { benchReconcile } from './bench/reconcile.js';
import { benchRouting } from './bench/routing.js';
import { describeFigures, describeGoals } from './bench/tables.js';
import { benchTransactions } from './bench/transactions.js';
import { commandLine, EXIT_FAILED } from './command/command-line.js';
import { endOnInterrupt } from './command/interrupt.js';
import { wholeNumber } from './command/whole-number.js';

const PARTS = [
  'decoding',
  'matching',
  'pipeline',
  'latency',
  'memory',
  'backfill',
  'reconcile',
  'isolation',
  'routing',
  'transactions',
  'deliveries',
  'loss',
] as const;
type Part = (typeof PARTS)[number];

/** 1 with --goals, and always when `loss` found a fault of mooring. */
const EXIT = { made: 0, goalMissed: 1 } as const;
const MOST_ASKED = 10_000_000;
/** A tenth of them is one of the sizes. */
const LEAST_ACCOUNTS = 100;
const MOST_ACCOUNTS = 1_000_000;
/** As the product's default (BATCH_SIZE). */
const BATCH_SIZE = 2_000;
const DECODING = { events: 10_000, lines: 20_000, rounds: 7 };
/** What an environment of many customers has for one name of events. */
const MATCHING = { events: 1_000, dispatchers: 200, rounds: 7 };
const PIPELINE_SIZES = [
  { events: 10_000, rounds: 5 },
  { events: 100_000, rounds: 1 },
];
const LATENCY = { events: 300, slotTimesMs: [400, 50] };
const MEMORY_EVENTS = 100_000;
const MEMORY_SAMPLES = 10;
/** 200 requests/s is what a small paid plan allows. */
const BACKFILL = { events: 50_000, limitedEvents: 10_000, requestsPerSecond: 200, kills: 3 };
/** Events that really happen on a chain first: as many as are made in a few minutes. */
const REAL_BACKFILL_EVENTS = 5_000;
const RECONCILE_ACCOUNTS = 100_000;
/** Whether ten times the accounts take ten times the time is seen on the way there. */
const RECONCILE_SHARES = [0.1, 0.25, 1];
/** 50 ms is a usual way to an endpoint of a provider and back. */
const RECONCILE = { delayMs: 50, lookEveryMs: 5_000 };
const ISOLATION = { trafficMs: 20_000, rounds: 3 };
/** Far more deaths than a fleet sees: each one costs its share of the keys about two terms. */
const ROUTING = { nodes: 4, keys: 64, termMs: 1_000, killEveryMs: 10_000, durationMs: 60_000, asksPerSecond: 100 };
/** 1,100: above the goal of 1,000. A plain loop waits for a blockhash to expire now and then: 150 slots. */
const TRANSACTIONS = {
  allocations: { rates: [250, 500, 1_100, 1_500], clients: 200, durationMs: 5_000 },
  landing: { slotTimeMs: 100, clients: 16, quietMs: 15_000, shops: 8, mints: 160 },
};
/** The queue of a customer that was away for a day; with --events, up to that many. */
const DELIVERIES = { backlogs: [1_000, 10_000], deliveries: 2_000, scheduled: 300 };
/** 400 ms as on mainnet. */
const LOSS = {
  slotTimeMs: 400,
  timing: { trafficMs: 20_000, outageMs: 6_000, halfOpenMs: 60_000, afterMs: 8_000, graceMs: 5_000 },
};
const QUICK_LOSS = { trafficMs: 6_000, outageMs: 4_000, halfOpenMs: 12_000, afterMs: 3_000, graceMs: 2_000 };

const command = commandLine('bench')
  .description(
    'Measures decoding, matching of filters, the pipeline, latency, memory, backfill, reconcile, what a failing program costs the others, how ' +
      'often requests are routed right while nodes die, how fast writes get numbers and land, what a delivery costs as its queue grows, and loss beside what people ' +
      'use today; names machine and database server.',
  )
  .addArgument(new Argument('[parts...]', 'what to measure (default: everything)').choices(PARTS))
  .option(
    '--events <n>',
    'events: decoded, matched, piped, of each latency channel, for memory, backfilled, or waiting to be delivered',
    wholeNumber(1, MOST_ASKED),
  )
  .option('--accounts <n>', 'reconcile: accounts on chain', wholeNumber(LEAST_ACCOUNTS, MOST_ACCOUNTS))
  .option(
    '--rounds <n>',
    'rounds of decoding, matching, pipeline and isolation; the median counts',
    wholeNumber(1, MOST_ASKED),
  )
  .option('--goals', 'end with 1 when a goal is missed', false)
  .addOption(
    new Option('--chain <kind>', 'backfill, transactions, loss: on this chain, started for it')
      .choices(['surfnet', 'validator'])
      .default('surfnet'),
  )
  .option('--quick', 'loss: shorter phases, the half-open socket 12 s instead of 60', false)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
Environment: MONGODB_URI to use that server instead of the embedded one (takes and drops databases of its own in it).
What is measured, why it is fair and what the goals are: docs/benchmarks.md.

Exit code: 0 when the figures were made, 1 with --goals when one is missed and always when
mooring lost, doubled or invented an event (loss), 2 when they could not be made, or were asked for wrongly, 130 when
it was interrupted.

Examples:
  npm run bench
  npm run bench -- decoding
  npm run bench -- pipeline --events 20000 --rounds 3
  npm run bench -- reconcile --accounts 20000
  npm run bench -- transactions --goals
  npm run bench -- loss --quick
  npm run bench -- loss --chain validator --json | tail -1 | jq .loss.totals
  npm run bench -- latency memory --json | tail -1 | jq .latency`,
  );
command.parse();
const asked = command.args as Part[];
const { events, accounts, rounds, goals, json, chain, quick } = command.opts<{
  events?: number;
  accounts?: number;
  rounds?: number;
  goals: boolean;
  json: boolean;
  chain: 'surfnet' | 'validator';
  quick: boolean;
}>();

endOnInterrupt({ what: 'The bench was interrupted: there are no figures.', json });
process.exitCode = await bench();
process.exit();

async function bench(): Promise<number> {
  const started = performance.now();
  const machine = describeMachine();
  try {
    const { figures, database } = await measure(new Set(asked.length > 0 ? asked : PARTS));
    const judged = judge(figures);
    console.log(
      `\n${machine.cores} × ${machine.cpu}, ${machine.memoryGb} GB, Node ${machine.node}, load ${machine.loadAverage}`,
    );
    if (database) console.log(`Database server: ${database.kind} ${database.version}`);
    for (const line of [...describeFigures(figures), ...describeGoals(judged)]) console.log(line);
    const wallMs = Math.round(performance.now() - started);
    if (json) await print({ machine, database, ...figures, goals: judged, wallMs });
    if (figures.loss && !figures.loss.clean) return EXIT.goalMissed;
    return goals && judged.some(({ met }) => !met) ? EXIT.goalMissed : EXIT.made;
  } catch (error) {
    console.error(`The figures could not be made: ${messageOf(error)}`);
    if (json) await print({ machine, error: messageOf(error) });
    return EXIT_FAILED;
  }
}

async function measure(parts: ReadonlySet<Part>) {
  const figures: { -readonly [P in keyof BenchFigures]: BenchFigures[P] } = {};
  if (parts.has('decoding')) {
    figures.decoding = await benchDecoding(
      { ...DECODING, events: events ?? DECODING.events, rounds: rounds ?? DECODING.rounds },
      progress,
    );
  }
  if (parts.has('matching')) {
    const options = { ...MATCHING, events: events ?? MATCHING.events, rounds: rounds ?? MATCHING.rounds };
    figures.matching = await benchMatching(options, progress);
  }
  if ([...parts].every((part) => part === 'decoding' || part === 'matching')) return { figures, database: null };

  const server = await startDatabase({ uri: process.env['MONGODB_URI'], log: progress });
  try {
    if (parts.has('pipeline')) {
      const sizes = events === undefined ? PIPELINE_SIZES : [{ events, rounds: 3 }];
      figures.pipeline = await benchPipeline(
        server.uri,
        { sizes: sizes.map((size) => ({ ...size, rounds: rounds ?? size.rounds })), batchSize: BATCH_SIZE },
        progress,
      );
    }
    if (parts.has('latency')) {
      figures.latency = await benchLatency(server.uri, { ...LATENCY, events: events ?? LATENCY.events }, progress);
    }
    if (parts.has('memory')) {
      const total = events ?? MEMORY_EVENTS;
      const stepEvents = Math.ceil(total / MEMORY_SAMPLES);
      figures.memory = await benchMemory(server.uri, { events: total, stepEvents, batchSize: BATCH_SIZE }, progress);
    }
    if (parts.has('backfill')) {
      const total = events ?? BACKFILL.events;
      const limitedEvents = Math.min(BACKFILL.limitedEvents, total);
      const options = { ...BACKFILL, events: total, limitedEvents, batchSize: BATCH_SIZE };
      figures.backfill = await benchBackfill(server.uri, options, progress);
      const real = {
        chain,
        events: Math.min(REAL_BACKFILL_EVENTS, total),
        kills: BACKFILL.kills,
        batchSize: BATCH_SIZE,
      };
      figures.realBackfill = await benchRealBackfill(server.uri, real, progress);
    }
    if (parts.has('reconcile')) {
      const total = accounts ?? RECONCILE_ACCOUNTS;
      const sizes = RECONCILE_SHARES.map((share) => Math.ceil(total * share));
      figures.reconcile = await benchReconcile(server.uri, { ...RECONCILE, sizes }, progress);
    }
    if (parts.has('isolation')) {
      const options = { ...ISOLATION, rounds: rounds ?? ISOLATION.rounds };
      figures.isolation = await benchIsolation(server.uri, options, progress);
    }
    if (parts.has('routing')) figures.routing = await benchRouting(server.uri, ROUTING, progress);
    if (parts.has('transactions')) {
      const landing = { ...TRANSACTIONS.landing, chain };
      figures.transactions = await benchTransactions(server.uri, { ...TRANSACTIONS, landing }, progress);
    }
    if (parts.has('deliveries')) {
      const backlogs = [
        ...DELIVERIES.backlogs.filter((size) => size < (events ?? Infinity)),
        ...(events ? [events] : []),
      ];
      figures.deliveries = await benchDeliveries(server.uri, { ...DELIVERIES, backlogs }, progress);
    }
    if (parts.has('loss')) {
      const timing = quick ? QUICK_LOSS : LOSS.timing;
      figures.loss = await benchLoss(server.uri, { ...LOSS, chain, timing }, progress);
    }
    return { figures, database: { kind: server.kind, version: server.version ?? 'unknown' } };
  } finally {
    await server.stop();
  }
}

/** A line now and then: not in the way of what is read from stdout. */
function progress(line: string): void {
  console.error(line);
}

/** The whole line must be out before the process ends, also into a pipe. */
function print(value: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(value)}\n`, () => resolve()));
}
