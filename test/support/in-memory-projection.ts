import type { Fields, FieldValue } from '../../src/domain-kit/field.js';
import type { FactModel, Model, StateModel } from '../../src/domain-kit/model.js';
import { ANSWER_KEY, type Answer, type SettledDocument, type SettleQuery } from '../../src/domain-kit/settle.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import type { DocumentChange } from '../../src/pipeline/fold.js';
import type {
  ProjectionTransaction,
  StandingDocument,
  StandingResult,
} from '../../src/pipeline/projection-transaction.js';

/** A document with mooring's own notes beside it. Fields of other people are simply more fields. */
export interface MemoryDocument {
  fields: Record<string, FieldValue>;
  at: string | null;
  closed: boolean;
}

/** The projection's store in memory: the same contract as MongoProjection, shown by one conformance suite for both. */
export class InMemoryProjection implements ProjectionTransaction {
  readonly records = new Map<string, LedgerRecord>();
  readonly #collections = new Map<string, Map<string, MemoryDocument>>();

  /** Documents by key, tombstones included. */
  documents(model: Model): Map<string, MemoryDocument> {
    const documents = this.#collections.get(model.collection) ?? new Map<string, MemoryDocument>();
    this.#collections.set(model.collection, documents);
    return documents;
  }

  standing(model: StateModel, keys: readonly string[], withFields: boolean): Promise<Map<string, StandingDocument>> {
    const found = new Map<string, StandingDocument>();
    for (const key of keys) {
      const document = this.documents(model).get(key);
      if (!document) continue;
      const { at, closed } = document;
      found.set(key, {
        at,
        closed,
        fields: withFields ? pick(document.fields, { ...model.fields, ...model.settled }) : {},
      });
    }
    return Promise.resolve(found);
  }

  facts(model: FactModel, ids: readonly string[]): Promise<Map<string, SettledDocument>> {
    const found = new Map<string, SettledDocument>();
    for (const id of ids) {
      const document = this.documents(model).get(id);
      if (document) found.set(id, pick(document.fields, model.fields));
    }
    return Promise.resolve(found);
  }

  history(touches: readonly string[]): Promise<LedgerRecord[]> {
    const wanted = new Set(touches);
    const records = [...this.records.values()].filter(
      (record) => record.state === 'applied' && record.touches.some((touch) => wanted.has(touch)),
    );
    return Promise.resolve(records);
  }

  answers(model: Model, questions: ReadonlyMap<string, SettleQuery>): Promise<Map<string, Answer[]>> {
    return Promise.resolve(new Map([...questions].map(([key, question]) => [key, this.#answer(model, question)])));
  }

  #answer(model: Model, { where, sort, limit }: SettleQuery): Answer[] {
    const shown = model.kind === 'state' ? { ...model.fields, ...model.settled } : model.fields;
    const matching = [...this.documents(model)]
      .filter(([, { fields }]) => Object.entries(where).every(([name, value]) => (fields[name] ?? null) === value))
      .sort(([, { fields: one }], [, { fields: other }]) => {
        for (const [name, direction] of Object.entries(sort)) {
          const order = compare(one[name], other[name]);
          if (order !== 0) return order * direction;
        }
        return 0;
      });
    return matching.slice(0, limit).map(([key, { fields }]) => ({ ...pick(fields, shown), [ANSWER_KEY]: key }));
  }

  changeStates(
    model: StateModel,
    changes: ReadonlyMap<string, DocumentChange | null>,
    results: ReadonlyMap<string, SettledDocument>,
  ): Promise<void> {
    const documents = this.documents(model);
    for (const [key, change] of changes) {
      const document = documents.get(key);
      if (change) {
        const next = document ?? { fields: {}, at: null, closed: false };
        if (change.reset) drop(next.fields, model.fields);
        if (change.closed) drop(next.fields, model.settled);
        Object.assign(next.fields, change.set, results.get(key));
        next.at = change.at;
        next.closed = change.closed;
        documents.set(key, next);
      } else if (document) {
        drop(document.fields, model.fields);
        drop(document.fields, model.settled);
        document.at = null;
        document.closed = false;
        if (Object.keys(document.fields).length === 0) documents.delete(key);
      }
    }
    return Promise.resolve();
  }

  putFacts(model: FactModel, facts: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>): Promise<void> {
    for (const [id, fields] of facts) {
      const before = this.documents(model).get(id)?.fields ?? {};
      this.documents(model).set(id, { fields: { ...before, ...fields }, at: null, closed: false });
    }
    return Promise.resolve();
  }

  deleteFacts(model: FactModel, ids: readonly string[]): Promise<void> {
    for (const id of ids) this.documents(model).delete(id);
    return Promise.resolve();
  }

  results(model: StateModel, keys: readonly string[]): Promise<Map<string, StandingResult>> {
    const found = new Map<string, StandingResult>();
    for (const key of keys) {
      const document = this.documents(model).get(key);
      if (!document || document.at === null || document.closed) continue;
      found.set(key, { results: pick(document.fields, model.settled), fields: pick(document.fields, model.fields) });
    }
    return Promise.resolve(found);
  }

  setResults(model: StateModel, results: ReadonlyMap<string, SettledDocument>): Promise<void> {
    for (const [key, fields] of results) {
      const document = this.documents(model).get(key);
      if (document) Object.assign(document.fields, fields);
    }
    return Promise.resolve();
  }
}

function pick(fields: Readonly<Record<string, FieldValue>>, owned: Fields): Record<string, FieldValue> {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name in owned));
}

function drop(fields: Record<string, FieldValue>, owned: Fields): void {
  for (const name of Object.keys(owned)) delete fields[name];
}

/** MongoDB's order of the values settle steps sort by: nothing first, then numbers by size. */
function compare(one: FieldValue | undefined, other: FieldValue | undefined): number {
  if (one === other) return 0;
  if (one === undefined || one === null) return -1;
  if (other === undefined || other === null) return 1;
  return one < other ? -1 : 1;
}
