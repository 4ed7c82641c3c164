import { spawn } from 'node:child_process';
import { nodeArguments } from '../../src/dev/node-arguments.js';
import { CouponHistory } from './history.js';
import type { MemoryMessage, MemorySample } from './memory-child.js';
import { openBenchDatabase } from './pipeline-bed.js';
import type { Progress } from './progress.js';

export interface MemoryOptions {
  readonly events: number;
  /** A sample each time so many more events are applied. */
  readonly stepEvents: number;
  readonly batchSize: number;
}

/** What `npm run bench -- memory` measures: the worker's process, after a garbage collection. */
export interface MemoryReport {
  readonly samples: readonly MemorySample[];
  readonly maxRssMb: number;
  readonly maxHeapMb: number;
  /** Heap at the end minus heap at a fifth of the way, when everything is warm: near 0 when nothing is kept. */
  readonly heapGrowthMb: number;
}

const CHILD = nodeArguments('memory-child', import.meta.url);
/** Notices handed over at once. */
const PORTION = 100;

/** Feeds a worker's pipeline in a process of its own, which asks for more when it has worked off most of it. */
export async function benchMemory(uri: string, options: MemoryOptions, progress: Progress): Promise<MemoryReport> {
  const database = await openBenchDatabase(uri);
  try {
    const samples = await runChild(uri, database.name, options, progress);
    const warm = samples[Math.floor(samples.length / 5)];
    const last = samples.at(-1);
    if (!warm || !last) throw new Error('there are fewer events than one step');
    return {
      samples,
      maxRssMb: Math.max(...samples.map(({ rssMb }) => rssMb)),
      maxHeapMb: Math.max(...samples.map(({ heapMb }) => heapMb)),
      heapGrowthMb: Number((last.heapMb - warm.heapMb).toFixed(1)),
    };
  } finally {
    await database.drop();
  }
}

function runChild(
  uri: string,
  databaseName: string,
  { events, stepEvents, batchSize }: MemoryOptions,
  progress: Progress,
): Promise<MemorySample[]> {
  const history = new CouponHistory(1);
  const samples: MemorySample[] = [];
  let sent = 0;
  const args = ['--expose-gc', ...CHILD, uri, databaseName, String(stepEvents), String(batchSize)];
  const child = spawn(process.execPath, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.on('message', (message: MemoryMessage) => {
      if (message.kind === 'sample') {
        samples.push(message.sample);
        const { applied, rssMb, heapMb } = message.sample;
        progress(`memory: ${applied} of ${events} events, RSS ${rssMb} MB, heap ${heapMb} MB`);
        return;
      }
      if (sent >= events) {
        child.send({ notices: [], events: 0 });
        return;
      }
      const portion = Array.from({ length: PORTION }, () => history.next());
      const count = portion.reduce((sum, { eventCount }) => sum + eventCount, 0);
      sent += count;
      child.send({ notices: portion.map(({ notice }) => notice), events: count });
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (code === 0) resolve(samples);
      else reject(new Error(`the process under measurement ended with ${code}`));
    });
  });
}
