import { startChain } from '../../src/dev/embedded-chain.js';
import { projectPrograms } from '../../src/dev/project-programs.js';
import { coupons } from '../../src/domains/coupons/module.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { auditNow } from '../drill/audit-now.js';
import { couponAccounts, type CouponAccount } from './coupon-accounts.js';
import { damageDocuments, type Damage } from './damage-documents.js';
import { printsOf, writtenBetween, type DocumentPrints } from './document-prints.js';
import { rounded, secondsOf } from './figures.js';
import type { CommandTarget } from './measured-command.js';
import type { MemoryState } from './memory-probe.js';
import { openBenchDatabase, type BenchDatabase } from './pipeline-bed.js';
import type { Progress } from './progress.js';
import { runReconcileAll } from './reconcile-command.js';
import { callPlainly, secondsUnderWay, startRpcRecorder, type RecordedCall, type RpcRecorder } from './rpc-recorder.js';
import { setAccounts } from './set-accounts.js';

export interface ReconcileOptions {
  /** Accounts on chain, one size after another, rising. */
  readonly sizes: readonly number[];
  /** Between a process and an endpoint somewhere else, for a pass that is made once more at the last size, in milliseconds. */
  readonly delayMs: number;
  readonly lookEveryMs: number;
}

/** One run of the command. */
export interface PassFigures {
  /** Of the whole pass. */
  readonly seconds: number;
  /** Without waiting for the ledger, which takes as long however many accounts there are. */
  readonly workSeconds: number;
  readonly secondsPerThousand: number;
  readonly requests: number;
  readonly credits: number;
  /** Seconds of `workSeconds` in which an account was being asked for. */
  readonly rpcSeconds: number;
  /** Documents inserted, changed or removed, by comparing all of them before and after. */
  readonly documentsWritten: number;
  readonly recordsWritten: number;
  /** What the run itself says it found, put right or marked, and had to leave. */
  readonly found: number;
  readonly mended: number;
  readonly left: number;
  readonly maxRssMb: number;
  readonly maxHeapMb: number;
  readonly peakRssMb: number;
  readonly memory: readonly MemoryState[];
}

/** A pass that changes nothing beside the bare requests it made. */
export interface BesidePlain {
  readonly delayMs: number;
  readonly pass: PassFigures;
  /** The same requests for accounts, one after another, their answers only read. */
  readonly plainSeconds: number;
  /** Work of the pass over that. */
  readonly ratio: number;
}

/** One number of accounts. */
export interface ReconcileSize {
  readonly accounts: number;
  /** Of an empty database. */
  readonly first: PassFigures;
  readonly second: BesidePlain;
  readonly damage: Damage;
  readonly third: PassFigures;
  /** Documents that an audit of accounts and ledger finds wrong after all that. */
  readonly wrong: number;
}

/** What `npm run bench -- reconcile` measures. */
export interface ReconcileReport {
  readonly sizes: readonly ReconcileSize[];
  /** The second pass over the largest size once more, against an endpoint further away. */
  readonly distant: BesidePlain;
  /** Time per account of the largest size over the smallest, of the first pass and of the second. */
  readonly growth: { readonly first: number; readonly second: number };
  readonly maxRssMb: number;
}

const SEED = 1;
/**
 * A Surfnet answers a question at finalized with its newest slot, so that whoever waits for that slot to be final waits 31
 * slots for what any other chain has at once: short ones make that little.
 */
const SLOT_TIME_MS = 50;
const FINALITY_PATIENCE_MS = 60_000;
const LOOK_AT_CHAIN_MS = 200;
const ACCOUNT_METHODS = new Set(['getProgramAccounts', 'getMultipleAccounts']);
const DOCUMENTS = coupons.models.map(({ collection }) => collection);
const RECORDS = ['ledger_events'];

interface Prints {
  readonly documents: DocumentPrints;
  readonly records: DocumentPrints;
}

/** Puts accounts onto a chain and reconciles an empty database, a right one and a damaged one with them. */
export async function benchReconcile(
  uri: string,
  { sizes, delayMs, lookEveryMs }: ReconcileOptions,
  progress: Progress,
): Promise<ReconcileReport> {
  const chain = await startChain({
    ...{ kind: 'surfnet', programs: projectPrograms(['coupons']), slotTimeMs: SLOT_TIME_MS, log: progress },
  });
  const [rpcUrl, wsUrl] = [chain.rpcUrls[0] as string, chain.wsUrls[0] as string];
  const recorder = await startRpcRecorder(rpcUrl);
  try {
    const accounts = couponAccounts(SEED);
    const made: ReconcileSize[] = [];
    let [standing, distant]: [number, BesidePlain | null] = [0, null];
    for (const size of sizes) {
      await setAccounts(rpcUrl, coupons.program.address, take(accounts, size - standing), (count) =>
        progress(`reconcile: ${standing + count} of ${size} accounts on chain`),
      );
      standing = size;
      await untilFinal(rpcUrl);
      const database = await openBenchDatabase(uri);
      const bed = { database, recorder, lookEveryMs, size, progress };
      const target = { rpcUrl: recorder.url, wsUrl, mongodbUri: uri, database };
      try {
        made.push(await benchSize(bed, target));
        if (size === sizes.at(-1)) distant = await benchBesidePlain(bed, target, delayMs);
      } finally {
        await database.drop();
      }
    }
    const [smallest, largest] = [made[0], made.at(-1)];
    if (!smallest || !largest || !distant) throw new Error('there is no number of accounts to reconcile');
    const passes = [...made.flatMap(({ first, second, third }) => [first, second.pass, third]), distant.pass];
    return {
      ...{ sizes: made, distant },
      growth: {
        first: rounded(largest.first.secondsPerThousand / smallest.first.secondsPerThousand, 2),
        second: rounded(largest.second.pass.secondsPerThousand / smallest.second.pass.secondsPerThousand, 2),
      },
      maxRssMb: Math.max(...passes.map(({ peakRssMb }) => peakRssMb)),
    };
  } finally {
    await recorder.stop();
    await chain.stop();
  }
}

interface Bed {
  readonly database: BenchDatabase;
  readonly recorder: RpcRecorder;
  readonly lookEveryMs: number;
  readonly size: number;
  readonly progress: Progress;
}

async function benchSize(bed: Bed, target: CommandTarget): Promise<ReconcileSize> {
  const { database, size } = bed;
  const { figures: first } = await benchPass(bed, target, 'first');
  const second = await benchBesidePlain(bed, target, 0);
  const damage = await damageDocuments(database);
  const { figures: third } = await benchPass(bed, target, 'third');
  const { differences, unsettled } = await auditNow({
    ...{ SOLANA_RPC_URL: target.rpcUrl, SOLANA_WS_URL: target.wsUrl, MONGODB_URI: target.mongodbUri },
    ...{ MONGODB_DATABASE: database.name, LOG_LEVEL: 'warn' },
  });
  return { accounts: size, first, second, damage, third, wrong: differences.length + unsettled.length };
}

/** A pass over what is right, and then the requests it made, made plainly. */
async function benchBesidePlain(bed: Bed, target: CommandTarget, delayMs: number): Promise<BesidePlain> {
  const { recorder, progress } = bed;
  recorder.delay(delayMs);
  try {
    const { figures: pass, calls } = await benchPass(bed, target, delayMs === 0 ? 'second' : `${delayMs} ms away`);
    const plainSeconds = rounded(await secondsOf(() => callPlainly(recorder.url, calls)), 2);
    const ratio = rounded(pass.workSeconds / plainSeconds, 2);
    progress(`reconcile: the same ${calls.length} requests made plainly took ${plainSeconds} s, ratio ${ratio}`);
    return { delayMs, pass, plainSeconds, ratio };
  } finally {
    recorder.delay(0);
    recorder.take();
  }
}

async function benchPass(
  { database, recorder, lookEveryMs, size, progress }: Bed,
  target: CommandTarget,
  name: string,
): Promise<{ readonly figures: PassFigures; readonly calls: readonly RecordedCall[] }> {
  const before = await allPrints(database);
  recorder.take();
  const { run, memory } = await runReconcileAll(target, lookEveryMs);
  const calls = recorder.take().filter(({ method }) => ACCOUNT_METHODS.has(method));
  const after = await allPrints(database);
  const seconds = (run.durationMs ?? 0) / 1_000;
  const endedMs = Date.parse(run.endedAt) - performance.timeOrigin;
  const workSeconds = (endedMs - Math.min(...calls.map(({ startedMs }) => startedMs))) / 1_000;
  const { missing, drifted, orphaned, unrecorded, repaired, marked, left, unsettled } = run.counts;
  const largest = (name: keyof MemoryState) => Math.max(0, ...memory.map((state) => state[name]));
  const figures: PassFigures = {
    ...{ seconds: rounded(seconds, 1), workSeconds: rounded(workSeconds, 2) },
    secondsPerThousand: rounded((workSeconds / size) * 1_000, 3),
    ...{ requests: run.cost.requests, credits: run.cost.credits, rpcSeconds: rounded(secondsUnderWay(calls), 2) },
    documentsWritten: writtenBetween(before.documents, after.documents),
    recordsWritten: writtenBetween(before.records, after.records),
    ...{ found: missing + drifted + orphaned + unrecorded, mended: repaired + marked, left: left + unsettled },
    ...{ maxRssMb: largest('rssMb'), maxHeapMb: largest('heapMb'), peakRssMb: largest('peakRssMb'), memory },
  };
  progress(
    `reconcile: ${size} accounts, ${name} pass: ${figures.seconds} s (${figures.workSeconds} at work, ` +
      `${figures.rpcSeconds} waiting for accounts), ${figures.documentsWritten} documents written, ${figures.left} left, ` +
      `RSS up to ${figures.peakRssMb} MB, heap ${figures.maxHeapMb} MB`,
  );
  return { figures, calls };
}

async function allPrints(database: BenchDatabase): Promise<Prints> {
  return { documents: await printsOf(database, DOCUMENTS), records: await printsOf(database, RECORDS) };
}

function take(accounts: Iterator<CouponAccount>, count: number): CouponAccount[] {
  return Array.from({ length: count }, () => accounts.next().value as CouponAccount);
}

/** What was set is to be seen by whoever asks at finalized. */
async function untilFinal(rpcUrl: string): Promise<void> {
  const slot = await slotOf(rpcUrl, 'processed');
  const deadline = clock.monotonic() + FINALITY_PATIENCE_MS;
  while ((await slotOf(rpcUrl, 'finalized')) <= slot) {
    if (clock.monotonic() > deadline)
      throw new Error(`slot ${slot} did not become final in ${FINALITY_PATIENCE_MS} ms`);
    await clock.sleep(LOOK_AT_CHAIN_MS);
  }
}

async function slotOf(rpcUrl: string, commitment: string): Promise<number> {
  const answer = await fetch(rpcUrl, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getSlot', params: [{ commitment }] }),
  });
  return ((await answer.json()) as { result: number }).result;
}
