import { Command, InvalidArgumentError, Option } from 'commander';
import { createIngest } from '../src/app/create-ingest.js';
import { layFoundation, type Foundation } from '../src/app/foundation.js';
import { requiredEndpoints } from '../src/app/required-endpoints.js';
import { TransactionFetcher } from '../src/chain/transaction-fetcher.js';
import { loadDotEnv, readConfig } from '../src/config/env.js';
import { domains } from '../src/domains/registry.js';
import { messageOf, MooringError } from '../src/lib/errors.js';
import { toJson } from '../src/lib/json.js';
import { readListenerStatus, STATUS_STALE_MS } from '../src/ledger/listener-status.js';
import type { BackfillStart } from '../src/recovery/backfill-plan.js';
import { backfill } from '../src/recovery/backfill.js';
import { createLogger } from '../src/telemetry/logger.js';
import { createMetrics } from '../src/telemetry/metrics.js';
import { ProgressLine } from './backfill/progress-line.js';
import { describeOutcome, EXIT, summarize } from './backfill/report.js';

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

const names = domains.map(({ module }) => module.name);
const starts = ['fromSlot', 'fromSignature', 'genesis'];
const others = (name: string) => starts.filter((start) => start !== name);
const options = new Command('backfill')
  .description(
    "Brings a program's history into the ledger: backwards from where complete history begins to the start that is asked\n" +
      'for, or as far back as the endpoint goes. A running worker applies it beside what happens now; neither waits.',
  )
  .addOption(new Option('--program <name>', 'whose history').choices(names).makeOptionMandatory())
  .addOption(
    new Option('--from-slot <n>', 'the first slot')
      .argParser(whole(0, Number.MAX_SAFE_INTEGER))
      .conflicts(others('fromSlot')),
  )
  .addOption(
    new Option('--from-signature <signature>', 'the transaction whose slot is the first').conflicts(
      others('fromSignature'),
    ),
  )
  .addOption(
    new Option('--genesis', 'from slot 0: incomplete where the endpoint does not go back that far').conflicts(
      others('genesis'),
    ),
  )
  .option(
    '--until-slot <n>',
    'the last slot (default: where complete history begins)',
    whole(0, Number.MAX_SAFE_INTEGER),
  )
  .option('--concurrency <n>', 'transactions fetched at once at most', whole(1, 1_000))
  .option('--restart', 'begin anew instead of going on with one that did not end', false)
  .option('--dry-run', 'only count what would come', false)
  .option('--json', 'print one JSON object as the last line', false)
  .addHelpText(
    'after',
    `
It can be stopped (Ctrl-C) or killed at any time: the same command goes on where it was.
Environment: as the worker's (.env.example): SOLANA_RPC_URL, MONGODB_URI, …

Exit code: 0 when the span is complete (or was counted, or there is nothing to do), 1 when it stopped before that (the
same command goes on), 2 when it could not be started, 130 when it was interrupted.

Examples:
  npm run backfill -- --program coupons
  npm run backfill -- --program coupons --from-slot 250000000 --dry-run
  npm run backfill -- --program coupons --genesis --json | tail -1 | jq .complete`,
  )
  .showHelpAfterError()
  .allowExcessArguments(false)
  .exitOverride((error) => process.exit(error.exitCode === 0 ? EXIT.complete : EXIT.failed))
  .parse()
  .opts<Options>();

const interrupted = new AbortController();
const interrupt = () => {
  // The second time somebody does not want to wait for the page under way: nothing is lost by that either.
  if (interrupted.signal.aborted) process.exit(EXIT.interrupted);
  interrupted.abort();
};
process.on('SIGINT', interrupt);
process.on('SIGTERM', interrupt);

try {
  process.exitCode = await run();
} catch (error) {
  console.error(`The backfill could not be made: ${messageOf(error)}`);
  if (options.json) console.log(toJson({ program: options.program, complete: false, error: messageOf(error) }));
  process.exitCode = EXIT.failed;
}

async function run(): Promise<number> {
  loadDotEnv();
  const config = readConfig();
  const log = createLogger({ ...config, logLevel: 'warn', logPretty: true }, process.stderr);
  const metrics = createMetrics();
  const modules = domains.map(({ module }) => module);
  const foundation = await layFoundation(config, requiredEndpoints(config), modules, log, metrics);
  try {
    const installed = foundation.modules.find(({ module }) => module.name === options.program);
    if (!installed) throw new Error(`there is no program ${options.program}`);
    const { machine, mongo, pool } = foundation;
    const { clock, random } = machine;
    // Within what live processes leave of the endpoint's rate.
    const { background } = pool;
    const fetcher = new TransactionFetcher({
      ...{ chain: background.chain, history: background.chain, clock, random },
      ...(options.concurrency === undefined ? {} : { maxConcurrent: options.concurrency }),
    });
    interrupted.signal.addEventListener('abort', () => fetcher.stop(), { once: true });
    const line = new ProgressLine(process.stderr, () => clock.monotonic());
    const outcome = await backfill(
      {
        ...{ db: mongo.db, log, clock, random, signal: interrupted.signal },
        ingest: createIngest(foundation, installed, fetcher),
        endpoints: () => {
          const preferred = background.pinned();
          return [preferred, ...background.members.filter((member) => member !== preferred)];
        },
        onProgress: (progress) => line.show(progress),
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
    line.end();
    const status = await readListenerStatus(mongo.db, options.program);
    const workerLives = status !== null && clock.now() - status.updatedAt.getTime() < STATUS_STALE_MS;
    for (const text of describeOutcome(outcome, workerLives, interrupted.signal.aborted)) console.log(text);
    const { values } = await metrics.rpcRequestsTotal.get();
    const requests = values.reduce((sum, { value }) => sum + value, 0);
    if (options.json) console.log(toJson(summarize(options.program, outcome, requests)));
    if (outcome.kind === 'refused') return EXIT.failed;
    if (outcome.kind !== 'stopped') return EXIT.complete;
    return interrupted.signal.aborted ? EXIT.interrupted : EXIT.incomplete;
  } finally {
    await foundation.close();
  }
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

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}
