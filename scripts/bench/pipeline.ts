import type { mongo } from 'mongoose';
import { systemClock as clock } from '../../src/lib/clock.js';
import { NoticeIntake } from '../../src/pipeline/notice-intake.js';
import { median, rounded, secondsOf } from './figures.js';
import { CouponHistory, type HistoryNotice } from './history.js';
import {
  buildPipeline,
  openBenchDatabase,
  throwingLog,
  WRITTEN_COLLECTIONS,
  type BenchDatabase,
} from './pipeline-bed.js';
import type { Progress } from './progress.js';

export interface PipelineOptions {
  /** One row of figures each; more rounds where they are short. */
  readonly sizes: readonly { readonly events: number; readonly rounds: number }[];
  /** Documents per insert and records per projecting transaction. */
  readonly batchSize: number;
}

/** One size. */
export interface PipelineFigures {
  readonly events: number;
  /** Ledger records and domain documents together: what the plain inserts write. */
  readonly documents: number;
  readonly pipelineEventsPerSecond: number;
  readonly plainEventsPerSecond: number;
  /** Pipeline over plain, of the medians. */
  readonly ratio: number;
  readonly ratios: readonly number[];
}

/** What `npm run bench -- pipeline` measures. */
export interface PipelineReport {
  readonly batchSize: number;
  readonly sizes: readonly PipelineFigures[];
}

/** How far ingest may be ahead of projection: as with a live source, what waits does not grow with the history. */
const LEAD_BATCHES = 4;
const LOOK_EVERY_MS = 2;

type Written = ReadonlyMap<string, readonly mongo.Document[]>;

/** Fills a database through the pipeline and another one by plain inserts of the same documents, round by round. */
export async function benchPipeline(
  uri: string,
  options: PipelineOptions,
  progress: Progress,
): Promise<PipelineReport> {
  const sizes: PipelineFigures[] = [];
  for (const size of options.sizes) sizes.push(await benchSize(uri, size, options.batchSize, progress));
  return { batchSize: options.batchSize, sizes };
}

async function benchSize(
  uri: string,
  { events: atLeast, rounds }: PipelineOptions['sizes'][number],
  batchSize: number,
  progress: Progress,
): Promise<PipelineFigures> {
  const pipelineSeconds: number[] = [];
  const plainSeconds: number[] = [];
  let events = 0;
  let documents = 0;
  for (let round = 1; round <= rounds; round++) {
    const transactions = new CouponHistory(round).transactions(atLeast);
    const piped = await runPipeline(uri, transactions, batchSize);
    const plain = await runPlainInserts(uri, piped.written, batchSize);
    pipelineSeconds.push(piped.seconds);
    plainSeconds.push(plain);
    events = piped.events;
    documents = [...piped.written.values()].reduce((sum, list) => sum + list.length, 0);
    progress(
      `pipeline: ${events} events, round ${round} of ${rounds}: ${rounded(events / piped.seconds)}/s, ` +
        `plain ${rounded(events / plain)}/s, ratio ${rounded(plain / piped.seconds, 2)}`,
    );
  }
  return {
    events,
    documents,
    pipelineEventsPerSecond: rounded(events / median(pipelineSeconds)),
    plainEventsPerSecond: rounded(events / median(plainSeconds)),
    ratio: rounded(median(plainSeconds) / median(pipelineSeconds), 2),
    ratios: pipelineSeconds.map((seconds, round) => rounded((plainSeconds[round] ?? Number.NaN) / seconds, 2)),
  };
}

/** As in a worker: what a socket announces is taken in, stored and applied side by side, until the last event is applied. */
async function runPipeline(uri: string, transactions: readonly HistoryNotice[], batchSize: number) {
  const database = await openBenchDatabase(uri);
  try {
    const { ingest, projector, applied } = await buildPipeline(database, batchSize);
    const intake = new NoticeIntake({
      ...{ ingest, clock, log: throwingLog },
      onHole: (reason) => throwingLog.error({ reason }, 'a notice was dropped'),
    });
    let offered = 0;
    const seconds = await secondsOf(async () => {
      const stop = new AbortController();
      intake.start();
      const projecting = projector.run(stop.signal);
      const untilWaiting = async (most: number) => {
        while (offered - applied() > most) await Promise.race([projecting, clock.sleep(LOOK_EVERY_MS)]);
      };
      for (const { notice, eventCount } of transactions) {
        intake.offer(notice);
        offered += eventCount;
        await untilWaiting(LEAD_BATCHES * batchSize);
      }
      await untilWaiting(0);
      await intake.stop();
      stop.abort();
      await projecting;
    });
    if (applied() !== offered) throw new Error(`${applied()} of ${offered} events were applied`);
    return { seconds, events: offered, written: await readWritten(database) };
  } finally {
    await database.drop();
  }
}

async function readWritten({ db }: BenchDatabase): Promise<Written> {
  const written = new Map<string, mongo.Document[]>();
  for (const name of WRITTEN_COLLECTIONS) written.set(name, await db.collection(name).find().toArray());
  return written;
}

async function runPlainInserts(uri: string, written: Written, batchSize: number): Promise<number> {
  const database = await openBenchDatabase(uri);
  try {
    return await secondsOf(async () => {
      for (const [name, documents] of written) {
        for (const batch of batchesOf(documents, batchSize)) {
          await database.db.collection(name).insertMany([...batch], { ordered: false });
        }
      }
    });
  } finally {
    await database.drop();
  }
}

function* batchesOf<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}
