import type { DecodingReport } from './decoding.js';
import type { LatencyReport } from './latency.js';
import type { MemoryReport } from './memory.js';
import type { PipelineReport } from './pipeline.js';

/** The parts that were run. */
export interface BenchFigures {
  readonly decoding?: DecodingReport;
  readonly pipeline?: PipelineReport;
  readonly latency?: LatencyReport;
  readonly memory?: MemoryReport;
}

/** What a figure should be, and whether it is. */
export interface Goal {
  readonly goal: string;
  readonly value: number;
  readonly met: boolean;
}

/** Pipeline over plain inserts of the same documents: a bare prototype without mooring's promises had 0.44 to 0.49. */
const PIPELINE_RATIO = 0.5;
const MEMORY_MB = 512;

/** Compares the figures with the goals of docs/benchmarks.md. */
export function judge({ decoding, pipeline, memory }: BenchFigures): Goal[] {
  const goals: Goal[] = [];
  if (decoding) {
    const { ordinary, long } = decoding;
    goals.push(
      { goal: 'decoding: faster than EventParser', value: ordinary.ratio, met: ordinary.ratio > 1 },
      { goal: 'decoding: faster than EventParser, long log', value: long.ratio, met: long.ratio > 1 },
    );
  }
  for (const { events, ratio } of pipeline?.sizes ?? []) {
    goals.push({
      goal: `pipeline: at least ${PIPELINE_RATIO} of plain inserts, ${events} events`,
      value: ratio,
      met: ratio >= PIPELINE_RATIO,
    });
  }
  if (memory) {
    goals.push({
      goal: `memory: below ${MEMORY_MB} MB`,
      value: memory.maxRssMb,
      met: memory.maxRssMb < MEMORY_MB,
    });
  }
  return goals;
}
