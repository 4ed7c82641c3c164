import { runSeed } from './run-seed.js';
import type { SeedReport } from './run-seeds.js';

/** Runs the seeds that its parent sends, one after the other. */
process.on('message', (seed: number) => {
  void runSeed(seed).then(({ journal, ...outcome }) => {
    const report: SeedReport = {
      ...outcome,
      faults: Object.fromEntries(journal.faults),
      meetings: Object.fromEntries(journal.meetings),
    };
    process.send?.(report);
  });
});
