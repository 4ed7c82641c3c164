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

/**
 * Recomputes what spans documents (a best, a floor price) after each change of a watched document, in the same
 * transaction: `key` says whose result may have changed, `query` reads what decides it, `compute` decides.
 */
export interface Settle {
  readonly name: string;
  readonly watch: Model;
  /** The key of the document that holds the result, or null when this one decides nothing. */
  readonly key: (document: SettledDocument) => string | null;
  readonly into: StateModel;
  readonly query: (key: string) => SettleQuery;
  readonly compute: (documents: readonly SettledDocument[], key: string) => Readonly<Record<string, FieldValue>>;
}

/** Declares a settle step with the types of its two models. */
export function defineSettle<W extends Fields, F extends Fields, S extends Fields>(step: {
  readonly name: string;
  readonly watch: Model & { readonly fields: W };
  readonly key: (document: Values<W>) => string | null;
  readonly into: StateModel<F, S>;
  readonly query: (key: string) => SettleQuery;
  readonly compute: (documents: readonly Values<W>[], key: string) => Values<S>;
}): Settle {
  return step as unknown as Settle;
}
