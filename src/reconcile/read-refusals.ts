import type { mongo } from 'mongoose';
import { ledgerEvents, recordFrom } from '../ledger/ledger-collections.js';
import { readFailedRepairs } from '../ledger/repair-queue.js';
import { addressOfObservation } from '../pipeline/run-handler.js';

/** Refusals named; more of them have the same reason more often than not. */
const NAMED = 5;

/** Why documents could not be put right: what their collections or handlers refused, in words. */
export async function readRefusals(db: mongo.Db, program: string): Promise<string[]> {
  const repairs = (await readFailedRepairs(db, program, NAMED)).map(
    ({ collection, key, error }) => `${collection}/${key} refuses what it should hold: ${error}`,
  );
  const dead = await ledgerEvents(db).find({ program, state: 'dead', kind: 'observation' }).limit(NAMED).toArray();
  const observations = dead.map(recordFrom).map(({ _id, name, error }) => {
    const what = name === '' ? 'the absence of' : `the ${name} account`;
    return `${what} ${addressOfObservation(_id)} could not be applied: ${error ?? ''} (\`npm run dead-letters\`)`;
  });
  return [...repairs, ...observations].slice(0, NAMED);
}
