import { createHash } from 'node:crypto';
import { toJson } from '../../src/lib/json.js';
import { fromStored } from '../../src/lib/stored-value.js';
import type { BenchDatabase } from './pipeline-bed.js';

/** Fields that say when something was written or by whom, not what. */
const CIRCUMSTANCES = new Set(['seenAt', 'appliedAt', 'finalityDueAt']);

/** Of everything in these collections, whatever the order, but for when it was written. */
export async function digestOf({ db }: BenchDatabase, collections: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const name of collections) {
    for await (const stored of db.collection(name).find()) {
      const value = fromStored({ ...stored, _id: String(stored._id) }) as Record<string, unknown>;
      const kept = Object.entries(value).filter(([key]) => !CIRCUMSTANCES.has(key));
      const text = toJson(Object.fromEntries(kept.sort(([one], [other]) => (one < other ? -1 : 1))));
      lines.push(createHash('sha256').update(`${name} ${text}`).digest('hex'));
    }
  }
  return createHash('sha256').update(lines.sort().join()).digest('hex');
}
