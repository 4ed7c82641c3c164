import { describe } from 'vitest';
import { useMemoryStore } from './bench-store.js';

useMemoryStore();

/** The scenarios of the core once more, on the simulation's database: what holds on MongoDB has to hold there. */
const SCENARIOS = {
  'apply-new': () => import('./apply-new.test.js'),
  convergence: () => import('./convergence.test.js'),
  documents: () => import('./documents.test.js'),
  'gap-filler': () => import('./gap-filler.test.js'),
  ingest: () => import('./ingest.test.js'),
  lease: () => import('./lease.test.js'),
  projection: () => import('./projection-conformance.test.js'),
  recovery: () => import('./recovery.test.js'),
  'tie-breaker': () => import('./tie-breaker.test.js'),
};

for (const [name, load] of Object.entries(SCENARIOS)) {
  describe(`${name}, in memory`, async () => {
    await load();
  });
}
