import { readFileSync } from 'node:fs';
import { rounded } from './figures.js';

/** Memory of a process, garbage collected, in MB. */
export interface MemoryState {
  readonly rssMb: number;
  readonly heapMb: number;
  /** Buffers outside the heap. */
  readonly externalMb: number;
  /** The most that was ever resident since the process began, as it came: nothing was collected for it. */
  readonly peakRssMb: number;
}

const KB = 2 ** 10;
const MB = 2 ** 20;

/** Collects garbage and looks. Needs `--expose-gc`. */
export function collectedMemory(): MemoryState {
  // Twice: what finalizers let go of in the first is collected by the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    ...{ rssMb: rounded(rss / MB, 1), heapMb: rounded(heapUsed / MB, 1), externalMb: rounded(external / MB, 1) },
    peakRssMb: rounded(peakRssKb() / KB, 1),
  };
}

/** On Linux `maxRSS` counts what the parent had when it started this process. */
function peakRssKb(): number {
  const { maxRSS } = process.resourceUsage();
  if (process.platform !== 'linux') return maxRSS;
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? maxRSS);
}
