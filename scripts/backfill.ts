import { Option } from 'commander';
import { createIngest } from '../src/app/create-ingest.js';
import type { Foundation } from '../src/app/foundation.js';
import { settingsOf } from '../src/app/settings-of.js';
import { preferredFirst } from '../src/chain/rpc-pool.js';
import { TransactionFetcher } from '../src/chain/transaction-fetcher.js';
import { MooringError } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import type { BackfillStart } from '../src/recovery/backfill-plan.js';
import { backfill, type BackfillOutcome } from '../src/recovery/backfill.js';
import { describeBackfill } from './backfill/describe-progress.js';
import { describeOutcome, EXIT, summarize } from './backfill/report.js';
import { commandLine } from './command/command-line.js';
import { interruptSignal } from './command/interrupt.js';
import { installedModule, programOption } from './command/program-option.js';
import { ProgressBar } from './command/progress-bar.js';
import { wholeNumber } from './command/whole-number.js';
import { withFoundation } from './command/with-foundation.js';
import { workerLives } from './command/worker-lives.js';

interface Options {
  readonly program: string;
  readonly fromSlot?: number;
  readonly fromSignature?: string;
  readonly genesis?: true;
  readonly untilSlot?: number;
  readonly concurrency?: number;
  readonly restart: boolean;
  readonly dryRun: boolean;
  readonly json: boolean;
}

const starts = ['fromSlot', 'fromSignature', 'genesis'];
const others = (name: string) => starts.filter((start) => start !== name);
const options = commandLine('backfill')
  .description(
    "Brings a program's history into the ledger: backwards from where complete history begins to the start that is asked " +
      'for, or as far back as the endpoint goes. A running worker applies it beside what happens now; neither waits.',
  )
  .addOption(programOption('whose history').makeOptionMandatory())
  .addOption(new Option('--from-slot <n>', 'the first slot').argParser(wholeNumber(0)).conflicts(others('fromSlot')))
  .addOption(
    new Option('--from-signature <signature>', 'the transaction whose slot is the first').conflicts(
      others('fromSignature'),
    ),
  )
  .addOption(
    new Option('--genesis', 'from slot 0: for an endpoint that has the whole history').conflicts(others('genesis')),
  )
  .option('--until-slot <n>', 'the last slot (default: where complete history begins)', wholeNumber(0))
  .option('--concurrency <n>', 'transactions fetched at once at most', wholeNumber(1, 1_000))
  .option('--restart', 'begin anew instead of going on with one that did not end', false)
  .option('--dry-run', 'only count what would come', false)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
It can be stopped (Ctrl-C) or killed at any time: the same command goes on where it was; after a kill it
waits for LEASE_TERM_MS at most before it does.
While one is under way, a second one of the same program is refused.
Environment: as the worker's (.env.example): SOLANA_RPC_URL, MONGODB_URI, …

Exit code: 0 when the span is complete (or was counted, or there is nothing to do), 1 when it stopped before that (the
same command goes on), 2 when it could not be started or was asked wrongly, 130 when it was interrupted.

Examples:
  npm run backfill -- --program coupons
  npm run backfill -- --program coupons --from-slot 250000000 --dry-run
  npm run backfill -- --program coupons --genesis --json | tail -1 | jq .complete`,
  )
  .parse()
  .opts<Options>();

const interrupted = interruptSignal();

await withFoundation(
  {
    ...{ what: 'The backfill could not be made', json: options.json },
    fields: { program: options.program, complete: false },
  },
  async (foundation) => {
    process.exitCode = await run(foundation);
  },
);

async function run(foundation: Foundation): Promise<number> {
  const installed = installedModule(foundation, options.program);
  const { log, machine, metrics, mongo, pool } = foundation;
  const { clock, random } = machine;
  // Within what live processes leave of the endpoint's rate.
  const { background } = pool;
  const fetcher = new TransactionFetcher({
    ...{ chain: background.chain, history: background.chain, clock, random },
    ...(options.concurrency === undefined ? {} : { maxConcurrent: options.concurrency }),
  });
  interrupted.addEventListener('abort', () => fetcher.stop(), { once: true });
  const bar = new ProgressBar(process.stderr, () => clock.monotonic(), 'slots');
  const outcome = await backfill(
    {
      ...{ db: mongo.db, log, clock, random, signal: interrupted },
      pageSize: settingsOf(foundation.config, installed.module).historyPageSize,
      lease: { holder: machine.holder, termMs: foundation.config.leaseTermMs },
      ingest: createIngest(foundation, installed, fetcher),
      endpoints: () => preferredFirst(background),
      onWait: (holder) =>
        console.error(
          `looking whether the backfill of ${holder} lives: ${foundation.config.leaseTermMs / 1_000} s at most`,
        ),
      onProgress: (progress) => bar.show(describeBackfill(progress)),
      onResumed: ({ span, counts }) =>
        console.error(
          `going on with the backfill of slots ${span.fromSlot} to ${span.toSlot}: ${counts.listed} transactions are done`,
        ),
    },
    installed.module,
    {
      start: await startOf(foundation),
      untilSlot: options.untilSlot ?? null,
      restart: options.restart,
      dryRun: options.dryRun,
    },
  );
  bar.end();
  const lines = describeOutcome(outcome, {
    ...{ workerLives: await workerLives(mongo.db, clock, options.program), interrupted: interrupted.aborted },
    oldestSlot: await oldestSlotWhereItMatters(outcome, foundation),
  });
  for (const text of lines) console.log(text);
  const { values } = await metrics.rpcRequestsTotal.get();
  const requests = values.reduce((sum, { value }) => sum + value, 0);
  if (options.json) console.log(toJson(summarize(options.program, outcome, requests)));
  if (outcome.kind === 'refused') return EXIT.failed;
  if (outcome.kind !== 'stopped') return EXIT.complete;
  return interrupted.aborted ? EXIT.interrupted : EXIT.incomplete;
}

/** The oldest slot the endpoint has, where the backfill ended because it does not go back far enough; null where it does not say. */
async function oldestSlotWhereItMatters(outcome: BackfillOutcome, { pool }: Foundation): Promise<number | null> {
  if (outcome.kind !== 'stopped' || outcome.reason !== 'history-missing') return null;
  return pool.background
    .pinned()
    .chain.firstAvailableBlock()
    .catch(() => null);
}

async function startOf({ pool }: Foundation): Promise<BackfillStart> {
  const { fromSlot, fromSignature, genesis } = options;
  if (fromSlot !== undefined) return { kind: 'slot', slot: fromSlot };
  if (genesis) return { kind: 'genesis' };
  if (fromSignature === undefined) return { kind: 'oldest' };
  const { statuses } = await pool.chain.signatureStatuses([fromSignature]);
  const slot = statuses[0]?.slot;
  if (slot === undefined) {
    throw new MooringError(
      'unknown-signature',
      `No endpoint knows ${fromSignature}. Check the signature, or name the slot with --from-slot.`,
    );
  }
  return { kind: 'signature', signature: fromSignature, slot };
}
