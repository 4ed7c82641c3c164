import { rounded } from './figures.js';

/** Memory of a process, garbage collected, in MB. */
export interface MemoryState {
  readonly rssMb: number;
  readonly heapMb: number;
  /** Buffers outside the heap. */
  readonly externalMb: number;
}

const MB = 2 ** 20;

/** Collects garbage and looks. Needs `--expose-gc`. */
export function collectedMemory(): MemoryState {
  // Twice: what finalizers let go of in the first is collected by the second.
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rssMb: rounded(rss / MB, 1), heapMb: rounded(heapUsed / MB, 1), externalMb: rounded(external / MB, 1) };
}
