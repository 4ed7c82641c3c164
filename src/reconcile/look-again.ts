import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Model } from '../domain-kit/model.js';
import { ledgerEvents, stringsOf } from '../ledger/ledger-collections.js';
import { touchOf } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import { inTransaction } from '../store/transactions.js';
import { compareWithEvent, compareWithFold, readApplied } from './audit-ledger.js';
import { compareWithSettled } from './audit-settled.js';
import type { Look } from './judge-again.js';
import { readDocumentsByKey, readMarkedKeys } from './stored-documents.js';

/**
 * Reads documents, their records and what decides their settled results in one snapshot: traffic goes on meanwhile, and
 * documents and ledger change together (I2), so between these no difference is ever a matter of time.
 */
export function lookAgain(
  db: mongo.Db,
  module: DomainModule,
  model: Model,
  keys: readonly string[],
): Promise<Map<string, Look>> {
  return inTransaction(db.client, async (session) => {
    const looks = new Map<string, Look>();
    const documents = await readDocumentsByKey(db, model, keys, session);
    if (model.kind === 'fact') {
      const records = await readApplied(db, keys, session);
      for (const key of keys) {
        const document = documents.get(key) ?? null;
        const findings = compareWithEvent(module, model, key, document, records.get(key) ?? null);
        looks.set(key, { document, history: [], isWaiting: false, isMarked: false, findings });
      }
      return looks;
    }
    const touches = new Set(keys.map((key) => touchOf(model.collection, key)));
    const records = await readTouching(db, [...touches], session);
    const waiting = await ledgerEvents(db)
      .find({ touches: { $in: [...touches] }, state: 'received' }, { session, projection: { touches: 1 } })
      .toArray();
    const waitingTouches = new Set(waiting.flatMap((record) => stringsOf(record.touches)));
    const folded = foldDocuments(module, touches, records);
    const marked = await readMarkedKeys(db, model, keys, session);
    for (const key of keys) {
      const touch = touchOf(model.collection, key);
      const document = documents.get(key) ?? null;
      const findings = compareWithFold(module, model, key, document, folded.get(touch) ?? null);
      for (const step of module.settle) {
        if (step.into !== model || !document) continue;
        findings.push(...(await compareWithSettled(db, module, step, document, session)));
      }
      looks.set(key, {
        document,
        history: records.filter((record) => record.touches.includes(touch)),
        isWaiting: waitingTouches.has(touch),
        isMarked: marked.has(key),
        findings,
      });
    }
    return looks;
  });
}
