import { mongo } from 'mongoose';
import { TRANSIENT } from './errors.js';
import { matchedPosition, type Filter } from './filter.js';
import type { Entry, Table, View } from './table.js';
import { updated, upsertBase, type Update } from './update.js';
import { takeInDocument, type Doc } from './values.js';

/** One write, and which of the caller's operations it is. */
export type Statement = { readonly index: number } & (
  | { readonly kind: 'insert'; readonly document: Doc }
  | {
      readonly kind: 'update';
      readonly filter: Filter;
      /** As it was asked, for `$` in the update. */
      readonly asked: Doc;
      readonly update: Update;
      readonly multi: boolean;
      readonly upsert: boolean;
    }
  | { readonly kind: 'delete'; readonly filter: Filter; readonly multi: boolean }
);

export interface WriteFailure {
  readonly index: number;
  readonly code: number;
  readonly errmsg: string;
}

/** What a write command did. */
export interface WriteResult {
  inserted: number;
  matched: number;
  modified: number;
  deleted: number;
  readonly upserted: { readonly index: number; readonly _id: unknown }[];
  readonly failures: WriteFailure[];
}

export function emptyResult(): WriteResult {
  return { inserted: 0, matched: 0, modified: 0, deleted: 0, upserted: [], failures: [] };
}

/**
 * The statements of one command, in order. `run` may be interrupted by a document that an open transaction has written
 * (BlockedError): called again it goes on there, as a server's write that has to wait: what it did before is done.
 */
export class WriteCommand {
  readonly result = emptyResult();
  #at = 0;
  /** What is left of a statement about many documents. */
  #left: Entry[] | null = null;

  constructor(
    readonly table: Table,
    readonly statements: readonly Statement[],
    readonly ordered: boolean,
    readonly nextObjectId: () => mongo.ObjectId,
  ) {}

  run(view: View): WriteResult {
    for (; this.#at < this.statements.length; this.#at++) {
      const statement = this.statements[this.#at] as Statement;
      try {
        this.#execute(statement, view);
      } catch (error) {
        if (!(error instanceof mongo.MongoServerError) || error.hasErrorLabel(TRANSIENT)) throw error;
        this.result.failures.push({ index: statement.index, code: Number(error.code), errmsg: error.message });
        // Inside a transaction the first refusal is the end of it.
        if (this.ordered || view) break;
      }
      this.#left = null;
    }
    return this.result;
  }

  #execute(statement: Statement, view: View): void {
    if (statement.kind === 'insert') {
      this.table.insert(statement.document, view);
      this.result.inserted += 1;
      return;
    }
    if (!this.#left || !statement.multi) this.#left = this.table.find(statement.filter, view);
    const isFirstLook = this.#left.length > 0;
    while (this.#left.length > 0) {
      const entry = this.#left[0] as Entry;
      const document = this.table.documentOf(entry, view);
      // It may have changed while this write waited.
      if (document && statement.filter.matches(document)) {
        this.#changeOne(statement, entry, document, view);
        if (!statement.multi) return;
      }
      this.#left.shift();
    }
    if (statement.kind === 'update' && statement.upsert && !isFirstLook) this.#insertNew(statement, view);
  }

  #changeOne(statement: Exclude<Statement, { kind: 'insert' }>, entry: Entry, document: Doc, view: View): void {
    if (statement.kind === 'delete') {
      this.table.change(entry, null, view, 'delete');
      this.result.deleted += 1;
      return;
    }
    const next = updated(document, statement.update, false, (prefix) =>
      matchedPosition(statement.asked, document, prefix),
    );
    if (next !== document) {
      const operation = statement.update.kind === 'replacement' ? 'replace' : 'update';
      this.table.change(entry, next, view, operation);
      this.result.modified += 1;
    }
    this.result.matched += 1;
  }

  #insertNew(statement: Extract<Statement, { kind: 'update' }>, view: View): void {
    const base = upsertBase(statement.filter, statement.update);
    const made = updated(base, statement.update, true, () => null);
    const document = takeInDocument('_id' in made ? made : { _id: this.nextObjectId(), ...made });
    this.table.insert(document, view);
    // Counted from the command's first operation, as the driver does, whichever operations of the caller lie between.
    const index = (this.statements[0] as Statement).index + this.#at;
    this.result.upserted.push({ index, _id: document['_id'] });
  }
}
