import { createHash } from 'node:crypto';
import type { BenchDatabase } from './pipeline-bed.js';

/** A print of every document: another one as soon as a byte of it differs, times of writing included. */
export type DocumentPrints = ReadonlySet<string>;

/** The prints of everything in these collections. */
export async function printsOf({ db }: BenchDatabase, collections: readonly string[]): Promise<DocumentPrints> {
  const prints = new Set<string>();
  for (const name of collections) {
    for await (const document of db.collection(name).find({}, { raw: true })) {
      const bytes = document as unknown as Uint8Array;
      prints.add(createHash('sha1').update(`${name} `).update(bytes).digest('base64'));
    }
  }
  return prints;
}

/** How many documents were inserted, changed or removed in between. */
export function writtenBetween(before: DocumentPrints, after: DocumentPrints): number {
  const insertedOrChanged = [...after].filter((print) => !before.has(print)).length;
  return insertedOrChanged + Math.max(0, before.size - after.size);
}
