import type { Fields, FieldValue, Values } from './field.js';
import type { Model, StateModel } from './model.js';

/** A bounded, indexed question to one collection: equality, an order, and how many documents at most. */
export interface SettleQuery {
  readonly where: Readonly<Record<string, FieldValue>>;
  readonly sort: Readonly<Record<string, 1 | -1>>;
  readonly limit: number;
}

/** A document as settle steps see it: its key and owned fields. */
export type SettledDocument = Readonly<Record<string, FieldValue>>;

/** Under this name a document that answers a question says its own key. */
export const ANSWER_KEY = '_key';

/** A document that answers a question. */
export type Answer<Fields = SettledDocument> = Fields & { readonly [ANSWER_KEY]: string };

/**
 * Recomputes what spans documents (a best, a floor price) after each change of a watched document, in the same
 * transaction: `key` says whose result may have changed, `query` reads what decides it, `compute` decides. Steps run in
 * the order of the module, and one may watch the results of an earlier one.
 */
export interface Settle {
  readonly name: string;
  readonly watch: Model;
  /** The key of the document that holds the result, or null when this one decides nothing. Sees earlier results as well. */
  readonly key: (document: SettledDocument) => string | null;
  readonly into: StateModel;
  readonly query: (key: string) => SettleQuery;
  /** True where `compute` looks at `target`: the result is computed anew whenever that document changes. */
  readonly readsTarget: boolean;
  /** `target`: the owned fields of the document that holds the result; empty where the step does not read them. */
  readonly compute: (
    documents: readonly Answer[],
    key: string,
    target: SettledDocument,
  ) => Readonly<Record<string, FieldValue>>;
}

/** Declares a settle step with the types of its two models. */
export function defineSettle<W extends Fields, F extends Fields, S extends Fields, R extends Fields = never>(step: {
  readonly name: string;
  readonly watch: Model & { readonly fields: W; readonly settled?: R };
  readonly key: (document: Values<W> & Partial<Values<R>>) => string | null | undefined;
  readonly into: StateModel<F, S>;
  readonly query: (key: string) => SettleQuery;
  readonly readsTarget?: boolean;
  readonly compute: (
    documents: readonly Answer<Values<W> & Partial<Values<R>>>[],
    key: string,
    target: Values<F>,
  ) => Values<S>;
}): Settle {
  return { readsTarget: false, ...step } as unknown as Settle;
}
