import type { BenchFigures, Goal } from './goals.js';
import { describeLoss } from './loss/describe-loss.js';
import type { PassFigures, ReconcileReport } from './reconcile.js';
import type { TransactionsReport } from './transactions.js';

/** The figures as lines for people. */
export function describeFigures({
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
}: BenchFigures): string[] {
  const lines: string[] = [];
  if (decoding) {
    const { ordinary, long } = decoding;
    lines.push(
      ...heading('Decoding, events/s', 'ours', 'our EventParser', "Anchor's", 'ratio', 'EventParser ratio'),
      decodingRow({ name: `ordinary transactions (${ordinary.events} events)`, row: ordinary }),
      decodingRow({ name: `one log of ${long.lines} lines (${long.events} events)`, row: long }),
    );
  }
  if (matching) {
    const { pairs, strict, trigger, mingo, plain, strictOverMingo, triggerOverMingo, strictOverPlain } = matching;
    lines.push(
      ...heading('Matching, events × dispatchers/s', 'strict', 'trigger', 'mingo', 'plain loop'),
      row(`${pairs} pairs, ${matching.matching} of them match`, strict, trigger, mingo, plain),
      `  strict over mingo ${strictOverMingo}, trigger over mingo ${triggerOverMingo}, strict over the plain loop ${strictOverPlain}`,
    );
  }
  if (deliveries) {
    lines.push(
      ...heading(`Deliveries, ${deliveries.deliveries} of one desk`, 'deliveries/s', 'ms each', 'commands each'),
      ...deliveries.sizes.map(({ backlog, perSecond, msEach, commandsEach }) =>
        row(`beside ${backlog} that wait`, perSecond, msEach, commandsEach),
      ),
    );
    const { events, early, p50Ms, p99Ms, maxMs } = deliveries.lateness;
    lines.push(
      ...heading('Scheduled, ms late on an idle system', 'p50', 'p99', 'max', 'early'),
      row(`${events} events`, p50Ms, p99Ms, maxMs, early),
    );
  }
  if (pipeline) {
    lines.push(
      ...heading('Pipeline, events/s', 'pipeline', 'plain inserts', 'ratio', 'ratios of the rounds'),
      ...pipeline.sizes.map(({ events, documents, pipelineEventsPerSecond, plainEventsPerSecond, ratio, ratios }) =>
        row(
          `${events} events, ${documents} documents`,
          pipelineEventsPerSecond,
          plainEventsPerSecond,
          ratio,
          ratios.join(' '),
        ),
      ),
    );
  }
  if (latency) {
    lines.push(
      ...heading('Confirmed → readable, ms', 'log p50', 'log p99', 'CPI p50', 'CPI p99', 'events of each'),
      ...latency.slots.map(({ slotTimeMs, log, cpi }) =>
        row(`slots of ${slotTimeMs} ms`, log.p50Ms, log.p99Ms, cpi.p50Ms, cpi.p99Ms, log.events),
      ),
    );
  }
  if (isolation) {
    lines.push(
      ...heading('Coupons beside red packets: confirmed → readable, ms', 'p50', 'p99', 'events'),
      ...(['healthy', 'failing'] as const).map((variant) => {
        const { p50Ms, p99Ms, events } = isolation[variant];
        return row(`red packets ${variant}`, p50Ms, p99Ms, events);
      }),
    );
  }
  if (memory) {
    lines.push(
      ...heading('Memory after GC, MB', 'RSS', 'heap', 'buffers'),
      ...memory.samples.map(({ applied, rssMb, heapMb, externalMb }) =>
        row(`${applied} events`, rssMb, heapMb, externalMb),
      ),
    );
  }
  if (backfill) {
    const { unlimited, limited, memory: looks, killed } = backfill;
    lines.push(
      ...heading('Backfill', 'events/s', 'requests/s', 'refused', 'seconds'),
      ...[
        { name: `${unlimited.events} events, no limit`, run: unlimited },
        { name: `${limited.events} events, ${limited.limit} requests/s`, run: limited },
      ].map(({ name, run }) => row(name, run.eventsPerSecond, run.requestsPerSecond, run.limited, run.seconds)),
      `  share of the limit used: ${limited.shareOfLimit}`,
      `  after ${killed.kills} kills: ledger ${killed.sameLedger ? 'the same' : 'DIFFERENT'}, ` +
        `documents ${killed.sameDocuments ? 'the same' : 'DIFFERENT'}`,
      ...heading('Backfill, memory after GC, MB', 'RSS', 'heap', 'buffers'),
      ...looks.map(({ stored, rssMb, heapMb, externalMb }) => row(`${stored} events`, rssMb, heapMb, externalMb)),
    );
  }
  if (realBackfill) {
    const { chain, events, transactions, eventsPerSecond, seconds, kills, same, right } = realBackfill;
    lines.push(
      ...heading(`Backfill of what happened on a ${chain}`, 'transactions', 'events/s', 'seconds'),
      row(`${events} events`, transactions, eventsPerSecond, seconds),
      `  after ${kills} kills: ${same ? 'the same' : 'DIFFERENT'}; against the chain's history and accounts: ` +
        (right ? 'the same' : 'DIFFERENT'),
    );
  }
  if (reconcile) lines.push(...describeReconcile(reconcile));
  if (routing) {
    const { nodes, keys, termMs, kills, asked, hitRate, unheld, heldElsewhere } = routing;
    lines.push(
      ...heading('Routing by rendezvous', 'hit rate', 'asked', 'held by nobody', 'elsewhere', 'kills'),
      row(`${keys} keys, ${nodes} nodes, term ${termMs} ms`, hitRate, asked, unheld, heldElsewhere, kills),
    );
  }
  if (transactions) lines.push(...describeTransactions(transactions));
  if (loss) lines.push(...describeLoss(loss));
  return lines;
}

/** Each goal with what came of it. */
export function describeGoals(goals: readonly Goal[]): string[] {
  if (goals.length === 0) return [];
  return ['', 'Goals', ...goals.map(({ goal, value, met }) => `  ${met ? 'met   ' : 'missed'}  ${goal}: ${value}`)];
}

function describeTransactions({ allocations, landing }: TransactionsReport): string[] {
  const { open, closed } = allocations;
  const { quiet, chain, slotTimeMs, faults, plain, plainUncaught, mooring } = landing;
  const { unavailable, delayed, answersLost, sendsDropped, neverSent } = faults;
  return [
    ...heading('Numbers for one signer', 'given/s', 'p50, ms', 'p99, ms', 'shared a write', 'in one write'),
    ...[
      ...open.map((figures) => ({ name: `asked for ${figures.load} times a second`, figures })),
      { name: `${closed.load} clients, one after another`, figures: closed },
    ].map(({ name, figures: { perSecond, p50Ms, p99Ms, shared, perWrite } }) =>
      row(name, perSecond, p50Ms, p99Ms, shared, perWrite),
    ),
    ...heading(`Writes over HTTP on a ${chain}`, 'landed', 'landed/s', 'p50, ms', 'p99, ms'),
    row(`promotions, slots of ${slotTimeMs} ms`, quiet.landed, quiet.perSecond, quiet.p50Ms, quiet.p99Ms),
    ...heading('Mints over a network that fails', 'asked', 'landed', 'doubled', 'false failures', 'false successes'),
    ...[
      { name: 'sendAndConfirmTransaction, tried again', tally: plain },
      { name: 'mooring', tally: mooring },
    ].map(({ name, tally: { requests, landed, doubled, falseFailures, falseSuccesses } }) =>
      row(name, requests, landed, doubled, falseFailures, falseSuccesses),
    ),
    `  faults of both: ${unavailable} calls refused, ${delayed} delayed, ${answersLost} answers of sends lost, ` +
      `${sendsDropped} sends dropped, ${neverSent} never passed on`,
    `  errors of web3.js that the plain loop could not catch: ${plainUncaught}`,
  ];
}

function describeReconcile({ sizes, distant, growth }: ReconcileReport): string[] {
  const passRow = (name: string, pass: PassFigures) =>
    row(
      name,
      ...[pass.seconds, pass.secondsPerThousand, pass.requests, pass.credits, pass.documentsWritten, pass.left],
      ...[pass.peakRssMb, pass.maxHeapMb],
    );
  const largest = sizes.at(-1);
  return [
    ...heading(
      'Reconcile',
      ...['seconds', 's/1,000 accounts', 'requests', 'credits', 'documents written', 'left', 'RSS at most', 'heap'],
    ),
    ...sizes.flatMap(({ accounts, first, second, third }) => [
      passRow(`${accounts} accounts, first pass`, first),
      passRow('  second pass', second.pass),
      passRow('  third pass, a tenth damaged', third),
    ]),
    passRow(`  second pass, ${distant.delayMs} ms away`, distant.pass),
    `  growth of the time per account: first pass ${growth.first}, second pass ${growth.second}; ` +
      `wrong by an audit afterwards: ${sizes.map(({ wrong }) => wrong).join(', ')}`,
    ...heading('Second pass beside its bare requests', 'work, s', 'waiting for RPC', 'bare requests, s', 'ratio'),
    ...[...(largest ? [largest.second] : []), distant].map(({ delayMs, pass, plainSeconds, ratio }) =>
      row(`endpoint ${delayMs} ms away`, pass.workSeconds, pass.rpcSeconds, plainSeconds, ratio),
    ),
  ];
}

const NAME_WIDTH = 44;
const CELL_WIDTH = 18;

function heading(title: string, ...columns: readonly string[]): string[] {
  return ['', row(title, ...columns)];
}

function row(name: string, ...cells: readonly (string | number)[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => String(cell).padStart(CELL_WIDTH)).join('');
}

function decodingRow({ name, row: figures }: { name: string; row: NonNullable<BenchFigures['decoding']>['ordinary'] }) {
  const { decodeTransaction, eventParser, anchorEventParser, ratio, eventParserRatio } = figures;
  return row(name, decodeTransaction, eventParser, anchorEventParser, ratio, eventParserRatio);
}
