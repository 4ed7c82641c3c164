import type { FieldValue } from '../domain-kit/field.js';
import type { FactModel, Model, StateModel } from '../domain-kit/model.js';
import type { Answer, SettledDocument, SettleQuery } from '../domain-kit/settle.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import type { DocumentChange } from './fold.js';

/** A state document as the database holds it before a batch. */
export interface StandingDocument {
  /** Order key of the newest step in it; null when mooring never wrote it (a document people brought along). */
  readonly at: string | null;
  readonly closed: boolean;
  /** Owned fields and results; empty where nobody asked for them. */
  readonly fields: SettledDocument;
}

/** A document that holds results. */
export interface StandingResult {
  readonly results: SettledDocument;
  readonly fields: SettledDocument;
}

/**
 * What projecting needs of a database transaction: every read sees one snapshot, every write commits with all others
 * or not at all.
 */
export interface ProjectionTransaction {
  /** The documents of these keys that exist, tombstones included. `fields` are read only when asked for. */
  standing(model: StateModel, keys: readonly string[], withFields: boolean): Promise<Map<string, StandingDocument>>;
  /** The facts of these event ids that exist. */
  facts(model: FactModel, ids: readonly string[]): Promise<Map<string, SettledDocument>>;
  /** Applied records that touch any of these documents. */
  history(touches: readonly string[]): Promise<LedgerRecord[]>;
  /** The answer to each question, by its key: owned fields, in the order asked for. */
  answers(model: Model, questions: ReadonlyMap<string, SettleQuery>): Promise<Map<string, readonly Answer[]>>;
  /** Writes changes, and with them what was settled; null removes the document (people's own fields of it stay). */
  changeStates(
    model: StateModel,
    changes: ReadonlyMap<string, DocumentChange | null>,
    results: ReadonlyMap<string, SettledDocument>,
  ): Promise<void>;
  putFacts(model: FactModel, facts: ReadonlyMap<string, Readonly<Record<string, FieldValue>>>): Promise<void>;
  deleteFacts(model: FactModel, ids: readonly string[]): Promise<void>;
  /** The results, and the owned fields, of those of these documents that are ours and not closed. */
  results(model: StateModel, keys: readonly string[]): Promise<Map<string, StandingResult>>;
  setResults(model: StateModel, results: ReadonlyMap<string, SettledDocument>): Promise<void>;
}
