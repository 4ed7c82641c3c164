import type { Fields } from './field.js';

/** An index of a model's collection, as MongoDB takes it. */
export interface ModelIndex {
  readonly keys: Readonly<Record<string, 1 | -1>>;
}

interface ModelBase<F extends Fields> {
  readonly collection: string;
  /** The fields mooring owns. Any other field of a document belongs to somebody else and is never touched. */
  readonly fields: F;
  readonly indexes: readonly ModelIndex[];
}

/** Documents that mirror one account each, or that only events make: equal to the fold of the records that touch them. */
export interface StateModel<F extends Fields = Fields, S extends Fields = Fields> extends ModelBase<F> {
  readonly kind: 'state';
  /** The field that holds the account's address: `_id`, or a unique field of a collection that was there before. */
  readonly keyField: string;
  /** False: no account holds what these documents say; events alone do, and there is nothing on chain to compare with. */
  readonly mirrorsAccounts: boolean;
  /** Fields that a settle step computes across documents; owned, but no part of the fold. */
  readonly settled: S;
  /** True: it is named after an account, and stays as it is when that one is closed. */
  readonly outlivesAccount: boolean;
}

/** Documents made by exactly one event each, `_id` = event id. */
export interface FactModel<F extends Fields = Fields> extends ModelBase<F> {
  readonly kind: 'fact';
}

/** Any model of a module. */
export type Model = StateModel | FactModel;

/** Declares a collection of state documents. */
export function defineState<F extends Fields, S extends Fields = Record<never, never>>(
  collection: string,
  fields: F,
  options: {
    readonly keyField?: string;
    readonly mirrorsAccounts?: boolean;
    readonly outlivesAccount?: boolean;
    readonly settled?: S;
    readonly indexes?: readonly ModelIndex[];
  } = {},
): StateModel<F, S> {
  return {
    kind: 'state',
    collection,
    fields,
    keyField: options.keyField ?? '_id',
    mirrorsAccounts: options.mirrorsAccounts ?? true,
    settled: options.settled ?? ({} as S),
    outlivesAccount: options.outlivesAccount ?? false,
    indexes: options.indexes ?? [],
  };
}

/** Declares a collection of facts. */
export function defineFact<F extends Fields>(
  collection: string,
  fields: F,
  options: { readonly indexes?: readonly ModelIndex[] } = {},
): FactModel<F> {
  return { kind: 'fact', collection, fields, indexes: options.indexes ?? [] };
}
