import { systemClock as clock } from '../../src/lib/clock.js';
import type { Notice } from '../../src/pipeline/ingest.js';
import { NoticeIntake } from '../../src/pipeline/notice-intake.js';
import { connectMongo } from '../../src/store/mongo-connection.js';
import { collectedMemory, type MemoryState } from './memory-probe.js';
import { buildPipeline, throwingLog } from './pipeline-bed.js';

/** Memory once `applied` events were applied, garbage collected. */
export interface MemorySample extends MemoryState {
  readonly applied: number;
}

/** What this process tells the one that feeds it. */
export type MemoryMessage = { readonly kind: 'more' } | { readonly kind: 'sample'; readonly sample: MemorySample };

/** Notices for this process; none means that there are no more. */
interface Portion {
  readonly notices: readonly Notice[];
  readonly events: number;
}

/** Events handed in and not yet applied, at most, before more are asked for. */
const BACKLOG = 2_000;
const LOOK_EVERY_MS = 5;

const [uri = '', databaseName = '', stepText, batchText] = process.argv.slice(2);
const stepEvents = Number(stepText);
const connection = await connectMongo(uri, databaseName);
const { ingest, projector, applied } = await buildPipeline(connection, Number(batchText));
const stop = new AbortController();
const fail = (error: unknown): never => {
  console.error(error);
  process.exit(1);
};
const intake = new NoticeIntake({
  ingest,
  clock,
  log: throwingLog,
  onHole: (reason) => fail(new Error(`a notice was dropped: ${reason}`)),
});
intake.start();
const projecting = projector.run(stop.signal);
projecting.catch(fail);

let nextSampleAt = stepEvents;
for (let offered = 0; ;) {
  const { notices, events } = await nextPortion();
  for (const notice of notices) intake.offer(notice);
  offered += events;
  const backlog = notices.length === 0 ? 0 : BACKLOG;
  while (offered - applied() > backlog) await clock.sleep(LOOK_EVERY_MS);
  if (applied() >= nextSampleAt) {
    tell({ kind: 'sample', sample: takeSample() });
    nextSampleAt += stepEvents;
  }
  if (notices.length === 0) break;
}
await intake.stop();
stop.abort();
await projecting;
await connection.close();
process.disconnect();

function nextPortion(): Promise<Portion> {
  const portion = new Promise<Portion>((resolve) => process.once('message', resolve));
  tell({ kind: 'more' });
  return portion;
}

function tell(message: MemoryMessage): void {
  process.send?.(message);
}

function takeSample(): MemorySample {
  return { applied: applied(), ...collectedMemory() };
}
