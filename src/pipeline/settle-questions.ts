import type { FieldValue } from '../domain-kit/field.js';
import type { Answer, SettleQuery } from '../domain-kit/settle.js';

/** Several questions that differ in the value of one field, as one. */
export interface CombinedQuestion {
  /** What all of them ask for. */
  readonly where: Readonly<Record<string, FieldValue>>;
  readonly sort: SettleQuery['sort'];
  readonly limit: number;
  /** The field they differ in, and whose question each of its values is. */
  readonly field: string;
  readonly keyOf: ReadonlyMap<FieldValue, string>;
}

/**
 * Makes one question of many: a batch that touches a hundred promotions should not ask a hundred times. Null where they
 * differ in more than one field, or in one whose values are not plain; then each has to be asked on its own.
 */
export function combineQuestions(questions: ReadonlyMap<string, SettleQuery>): CombinedQuestion | null {
  const all = [...questions];
  const [first] = all;
  if (!first || all.length < 2) return null;
  const { where, sort, limit } = first[1];
  const names = Object.keys(where);
  const form = JSON.stringify([names, sort, limit]);
  if (all.some(([, one]) => JSON.stringify([Object.keys(one.where), one.sort, one.limit]) !== form)) return null;
  const differing = names.filter((name) => all.some(([, one]) => one.where[name] !== where[name]));
  const [field] = differing;
  if (field === undefined || differing.length > 1) return null;
  const keyOf = new Map(all.map(([key, one]): [FieldValue, string] => [one.where[field] as FieldValue, key]));
  if (keyOf.size < all.length || ![...keyOf.keys()].every(isPlain)) return null;
  const { [field]: _, ...common } = where;
  return { where: common, sort, limit, field, keyOf };
}

/** Gives each key its share of what the combined question found, in order. Null when a document is nobody's. */
export function shareOut(question: CombinedQuestion, documents: readonly Answer[]): Map<string, Answer[]> | null {
  const shares = new Map([...question.keyOf.values()].map((key): [string, Answer[]] => [key, []]));
  for (const document of documents) {
    const key = question.keyOf.get(document[question.field] ?? null);
    const share = key === undefined ? undefined : shares.get(key);
    // Equal to MongoDB, not to us: a list that holds the value, a number written as another type.
    if (!share) return null;
    if (share.length < question.limit) share.push(document);
  }
  return shares;
}

function isPlain(value: FieldValue): boolean {
  return typeof value === 'string' || typeof value === 'bigint' || typeof value === 'boolean';
}
