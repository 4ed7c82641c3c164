import type { SeedOrder, SeedReport } from './run-seeds.js';
import { WORLDS } from './worlds.js';

/** Runs the seeds that its parent sends, one after the other. */
process.on('message', ({ world, seed }: SeedOrder) => {
  void WORLDS[world].run(seed).then(({ journal, ...outcome }) => {
    const report: SeedReport = {
      ...outcome,
      faults: Object.fromEntries(journal.faults),
      meetings: Object.fromEntries(journal.meetings),
    };
    process.send?.(report);
  });
});
