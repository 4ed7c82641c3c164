import { compareValues, typeRank } from './compare.js';
import { NotCoveredError } from './errors.js';
import { compileExpression } from './expression.js';
import { isNotANumber } from './numbers.js';
import { candidatesAt, valuesAt } from './paths.js';
import { isEmbedded, takeIn, type Doc } from './values.js';

export type Predicate = (document: Doc) => boolean;

/** A filter made ready: what matches, and what it says about equality, by path. */
export interface Filter {
  readonly matches: Predicate;
  /** Values of which the field at a path must have one; several for `$in`. */
  readonly equalities: ReadonlyMap<string, readonly unknown[]>;
}

/** Understands a filter. @throws NotCoveredError for an operator that is none of ours. */
export function compileFilter(filter: object): Filter {
  const equalities = new Map<string, readonly unknown[]>();
  return { matches: all(conditionsOf(takeIn(filter) as Doc, equalities)), equalities };
}

function conditionsOf(filter: Doc, equalities: Map<string, readonly unknown[]> | null): Predicate[] {
  return Object.entries(filter).flatMap(([name, condition]) => {
    if (name === '$and') return clauses(condition).flatMap((clause) => conditionsOf(clause, equalities));
    if (name === '$or') {
      const branches = clauses(condition).map((clause) => all(conditionsOf(clause, null)));
      return [(document: Doc) => branches.some((matches) => matches(document))];
    }
    if (name === '$expr') return [compileExpression(condition)];
    if (name.startsWith('$')) throw new NotCoveredError(`the filter operator ${name}`);
    return fieldConditions(name, condition, equalities);
  });
}

function clauses(condition: unknown): readonly Doc[] {
  if (!Array.isArray(condition) || condition.length === 0) throw new NotCoveredError('$and or $or without a list');
  return condition as Doc[];
}

function all(predicates: readonly Predicate[]): Predicate {
  if (predicates.length === 1) return predicates[0] as Predicate;
  return (document) => predicates.every((matches) => matches(document));
}

function isOperators(condition: unknown): condition is Doc {
  return isEmbedded(condition) && Object.keys(condition)[0]?.startsWith('$') === true;
}

function fieldConditions(
  path: string,
  condition: unknown,
  equalities: Map<string, readonly unknown[]> | null,
): Predicate[] {
  const note = (values: readonly unknown[]): void => {
    if (!equalities?.has(path)) equalities?.set(path, values);
  };
  if (!isOperators(condition)) {
    note([condition]);
    return [equals(path, condition)];
  }
  return Object.entries(condition).map(([operator, operand]) => {
    if (operator === '$eq') note([operand]);
    if (operator === '$in' && Array.isArray(operand)) note(operand);
    return operatorCondition(path, operator, operand);
  });
}

/** One and the same element has to meet all of it. */
function hasElement(path: string, operand: unknown): Predicate {
  if (!isOperators(operand)) throw new NotCoveredError('$elemMatch of fields');
  const matches = all(fieldConditions('element', operand, null));
  return (document) =>
    valuesAt(document, path).some((value) => Array.isArray(value) && value.some((element) => matches({ element })));
}

function operatorCondition(path: string, operator: string, operand: unknown): Predicate {
  switch (operator) {
    case '$eq':
      return equals(path, operand);
    case '$ne':
      return not(equals(path, operand));
    case '$in':
      return isOneOf(path, listOf(operand));
    case '$nin':
      return not(isOneOf(path, listOf(operand)));
    case '$lt':
    case '$lte':
    case '$gt':
    case '$gte':
      return isOrdered(path, operator, operand);
    case '$exists':
      return (document) => valuesAt(document, path).some((value) => value !== undefined) === Boolean(operand);
    case '$type':
      return isOfType(path, operand);
    case '$not':
      if (!isOperators(operand)) throw new NotCoveredError('$not of something that is no operator');
      return not(all(fieldConditions(path, operand, null)));
    case '$elemMatch':
      return hasElement(path, operand);
    default:
      throw new NotCoveredError(`the filter operator ${operator}`);
  }
}

function listOf(operand: unknown): readonly unknown[] {
  if (!Array.isArray(operand)) throw new NotCoveredError('$in or $nin without a list');
  return operand;
}

function not(matches: Predicate): Predicate {
  return (document) => !matches(document);
}

function equals(path: string, operand: unknown): Predicate {
  if (typeof operand === 'string' && !path.includes('.')) {
    return (document) => {
      const value = document[path];
      return value === operand || (Array.isArray(value) && value.includes(operand));
    };
  }
  return (document) => candidatesAt(document, path).some((value) => isEqual(value, operand));
}

function isEqual(one: unknown, other: unknown): boolean {
  return one === other || compareValues(one, other) === 0;
}

function isOneOf(path: string, operands: readonly unknown[]): Predicate {
  const texts = new Set(operands.filter((operand) => typeof operand === 'string'));
  const others = operands.filter((operand) => typeof operand !== 'string');
  return (document) =>
    candidatesAt(document, path).some((value) =>
      typeof value === 'string' ? texts.has(value) : others.some((operand) => isEqual(value, operand)),
    );
}

const TYPES = new Map<unknown, (value: unknown) => boolean>([
  ['string', (value: unknown) => typeof value === 'string'],
  ['object', isEmbedded],
  ['date', (value: unknown) => value instanceof Date],
]);

/** A list has the types of its members as well. */
function isOfType(path: string, operand: unknown): Predicate {
  const isIt = TYPES.get(operand);
  if (!isIt) throw new NotCoveredError(`$type of ${String(operand)}`);
  return (document) => candidatesAt(document, path).some(isIt);
}

/** Only within the operand's own type. https://www.mongodb.com/docs/manual/reference/method/db.collection.find/#type-bracketing */
function isOrdered(path: string, operator: '$lt' | '$lte' | '$gt' | '$gte', operand: unknown): Predicate {
  const rank = typeRank(operand);
  const takesEqual = operator === '$lte' || operator === '$gte';
  const sign = operator === '$lt' || operator === '$lte' ? -1 : 1;
  return (document) =>
    candidatesAt(document, path).some((value) => {
      if (typeRank(value) !== rank) return false;
      const order = compareValues(value, operand);
      // NaN is neither smaller nor larger than any number.
      if (isNotANumber(value) || isNotANumber(operand)) return takesEqual && order === 0;
      return order === 0 ? takesEqual : Math.sign(order) === sign;
    });
}

/** Where in the array at `prefix` the first member is that the filter asks for: what `$` in an update means. */
export function matchedPosition(filter: Doc, document: Doc, prefix: string): number | null {
  const members = document[prefix];
  if (!Array.isArray(members)) return null;
  for (const [path, condition] of Object.entries(filter)) {
    if (path !== prefix && !path.startsWith(`${prefix}.`)) continue;
    const matches = all(fieldConditions(`member${path.slice(prefix.length)}`, condition, null));
    const position = members.findIndex((member) => matches({ member: member as unknown }));
    if (position >= 0) return position;
  }
  return null;
}
