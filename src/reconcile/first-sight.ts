import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FactModel, Model, StateModel } from '../domain-kit/model.js';
import { touchOf } from '../ledger/ledger-record.js';
import { readTouching } from '../ledger/read-records.js';
import { foldDocuments } from '../pipeline/fold-documents.js';
import type { AccountPage } from './account-pages.js';
import { readingOf, type FinalReading } from './account-reading.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { StateWrite } from '../domain-kit/writes.js';
import { compareWithEvent, compareWithFold, readApplied } from './audit-ledger.js';
import { compareWithSettled } from './audit-settled.js';
import { diffAccounts } from './diff-accounts.js';
import type { Doubt } from './judge-doubts.js';
import { readDocumentsByKey } from './stored-documents.js';

/** Documents compared with the ledger at once. */
const BATCH = 500;

/** What accounts say at first sight. `unreadable`: the addresses of those that say nothing. */
export interface FirstSight {
  readonly doubts: readonly Doubt[];
  readonly unreadable: readonly string[];
}

/**
 * The documents of a page of accounts that differ from them at first sight. `only`: the accounts were read for the
 * documents of this model; unset, each belongs to the model its handler names.
 */
export async function compareAccounts(
  db: mongo.Db,
  module: DomainModule,
  codec: ProgramCodec,
  page: AccountPage,
  only?: StateModel,
): Promise<FirstSight> {
  const unreadable: string[] = [];
  const byModel = new Map<StateModel, Map<string, FinalReading>>();
  for (const [address, account] of page.accounts) {
    const reading = readingOf(module, codec, address, account, page.slot);
    if (reading.isUnreadable) unreadable.push(address);
    const model = only ?? reading.write?.model;
    if (!model || reading.isUnreadable) continue;
    const group = byModel.get(model) ?? new Map<string, FinalReading>();
    byModel.set(model, group.set(address, reading));
  }
  const doubts: Doubt[] = [];
  for (const [model, readings] of byModel) {
    const documents = await readDocumentsByKey(db, model, [...readings.keys()]);
    const writes = new Map(
      [...readings].map(([key, { write }]): [string, StateWrite | null] => [
        key,
        write?.model === model ? write : null,
      ]),
    );
    for (const key of diffAccounts(module, model, writes, documents)) {
      doubts.push({ model, key, reading: readings.get(key) ?? null });
    }
  }
  return { doubts, unreadable };
}

/** Of these documents those that are not what the ledger, or the documents they are computed from, say at first sight. */
export async function compareWithRecords(
  db: mongo.Db,
  module: DomainModule,
  model: Model,
  keys: readonly string[],
): Promise<Doubt[]> {
  const doubts: Doubt[] = [];
  for (let start = 0; start < keys.length; start += BATCH) {
    const batch = keys.slice(start, start + BATCH);
    const wrong =
      model.kind === 'fact' ? await wrongFacts(db, module, model, batch) : await wrongStates(db, module, model, batch);
    doubts.push(...wrong.map((key) => ({ model, key, reading: null })));
  }
  return doubts;
}

async function wrongFacts(db: mongo.Db, module: DomainModule, model: FactModel, keys: readonly string[]) {
  const documents = await readDocumentsByKey(db, model, keys);
  const records = await readApplied(db, keys);
  return keys.filter(
    (key) => compareWithEvent(module, model, key, documents.get(key) ?? null, records.get(key) ?? null).length > 0,
  );
}

async function wrongStates(db: mongo.Db, module: DomainModule, model: StateModel, keys: readonly string[]) {
  const documents = await readDocumentsByKey(db, model, keys);
  const touches = keys.map((key) => touchOf(model.collection, key));
  const folded = foldDocuments(module, new Set(touches), await readTouching(db, touches));
  const steps = module.settle.filter((step) => step.into === model);
  const wrong: string[] = [];
  for (const key of keys) {
    const document = documents.get(key) ?? null;
    const change = folded.get(touchOf(model.collection, key)) ?? null;
    const findings = compareWithFold(module, model, key, document, change);
    for (const step of steps) if (document) findings.push(...(await compareWithSettled(db, module, step, document)));
    if (findings.length > 0) wrong.push(key);
  }
  return wrong;
}
