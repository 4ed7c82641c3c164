import { isIdentical } from './compare.js';
import { NotCoveredError, serverError } from './errors.js';
import type { Filter } from './filter.js';
import { isBsonNumber } from './numbers.js';
import { isPosition, partsOf } from './paths.js';
import { isEmbedded, type Doc } from './values.js';

interface Change {
  readonly path: string;
  readonly parts: readonly string[];
  readonly operator: '$set' | '$setOnInsert' | '$unset' | '$inc' | '$addToSet' | '$push';
  readonly value: unknown;
}

/** An update made ready: operators on fields, a pipeline, or a whole document in the place of the old one. */
export type Update =
  | { readonly kind: 'operators'; readonly changes: readonly Change[] }
  | { readonly kind: 'pipeline'; readonly apply: (document: Doc) => Doc }
  | { readonly kind: 'replacement'; readonly document: Doc };

const OPERATORS = new Set(['$set', '$setOnInsert', '$unset', '$inc', '$addToSet', '$push']);

/** Understands `{ $set: …, … }`. Fields are taken in the order MongoDB takes them: by name, numbers as numbers. */
export function compileUpdate(update: Doc): Update {
  const changes: Change[] = [];
  for (const [operator, fields] of Object.entries(update)) {
    if (!OPERATORS.has(operator) || !isEmbedded(fields)) throw new NotCoveredError(`the update operator ${operator}`);
    for (const [path, value] of Object.entries(fields)) {
      if (path.includes('$[')) throw new NotCoveredError('$[] in an update');
      changes.push({ path, parts: partsOf(path), operator: operator as Change['operator'], value });
    }
  }
  changes.sort((one, other) => comparePaths(one.parts, other.parts));
  // In this order a path that lies within another comes right after it.
  changes.forEach((change, position) => {
    const before = changes[position - 1];
    if (!before?.parts.every((part, at) => part === change.parts[at])) return;
    const message = `Updating the path '${change.path}' would create a conflict at '${before.path}'`;
    throw serverError('conflictingUpdateOperators', message);
  });
  return { kind: 'operators', changes };
}

/** Understands stages of `$set` whose values are plain, or `'$field'`. */
export function compilePipeline(stages: readonly unknown[]): Update {
  const sets = stages.map((stage) => {
    const [[name, fields] = ['nothing', null], ...more] = isEmbedded(stage) ? Object.entries(stage) : [];
    if (name !== '$set' || more.length > 0 || !isEmbedded(fields)) throw new NotCoveredError('such a pipeline');
    return Object.entries(fields).map(([field, value]) => {
      if (field.includes('.') || isEmbedded(value) || Array.isArray(value)) throw new NotCoveredError('such a $set');
      const from = typeof value === 'string' && value.startsWith('$') ? value.slice(1) : null;
      if (from?.includes('.') || from?.startsWith('$')) throw new NotCoveredError(`the expression ${String(value)}`);
      return { field, from, value };
    });
  });
  const apply = (document: Doc): Doc =>
    sets.reduce<Doc>((before, fields) => {
      const after: Record<string, unknown> = { ...before };
      for (const { field, from, value } of fields) {
        if (from === null) after[field] = value;
        else if (from in before) after[field] = before[from];
        else delete after[field];
      }
      return after;
    }, document);
  return { kind: 'pipeline', apply };
}

function comparePaths(one: readonly string[], other: readonly string[]): number {
  for (let at = 0; at < one.length && at < other.length; at++) {
    const [a, b] = [one[at] as string, other[at] as string];
    if (a === b) continue;
    if (isPosition(a) && isPosition(b)) return Number(a) - Number(b);
    return a < b ? -1 : 1;
  }
  return one.length - other.length;
}

/** The document after the update: the very same one where nothing changed. */
export function updated(
  document: Doc,
  update: Update,
  isInsert: boolean,
  positionIn: (prefix: string) => number | null,
): Doc {
  const result = changed(document, update, isInsert, positionIn);
  if (!isInsert && !isIdentical(result['_id'], document['_id'])) {
    throw serverError(
      'immutableField',
      "Performing an update on the path '_id' would modify the immutable field '_id'",
    );
  }
  return isIdentical(result, document) ? document : result;
}

function changed(document: Doc, update: Update, isInsert: boolean, positionIn: (prefix: string) => number | null): Doc {
  switch (update.kind) {
    case 'replacement':
      return replaced(document, update.document);
    case 'pipeline':
      return update.apply(document);
    case 'operators':
      return new Draft(document, positionIn).apply(update.changes, isInsert);
  }
}

function replaced(document: Doc, replacement: Doc): Doc {
  return '_id' in replacement || !('_id' in document) ? replacement : { _id: document['_id'], ...replacement };
}

/** What an upsert begins with: everything that the filter says must be equal. */
export function upsertBase({ equalities }: Filter, update: Update): Doc {
  let base: Doc = {};
  for (const [path, values] of equalities) {
    if (values.length !== 1 || (update.kind === 'replacement' && path !== '_id')) continue;
    const change: Change = { path, parts: partsOf(path), operator: '$set', value: values[0] };
    base = new Draft(base, () => null).apply([change], true);
  }
  return base;
}

/** A document while it is changed: each part of it is copied once, when it first changes. */
class Draft {
  readonly #own = new Set<unknown>();

  constructor(
    readonly document: Doc,
    readonly positionIn: (prefix: string) => number | null,
  ) {}

  apply(changes: readonly Change[], isInsert: boolean): Doc {
    let result = this.document;
    for (const change of changes) {
      if (change.operator === '$setOnInsert' && !isInsert) continue;
      result = this.#change(result, this.#resolved(change), 0, change) as Doc;
    }
    return result;
  }

  #resolved({ path, parts }: Change): readonly string[] {
    const at = parts.indexOf('$');
    if (at < 0) return parts;
    const position = at === 1 ? this.positionIn(parts[0] as string) : null;
    if (position === null)
      throw serverError('badValue', `The positional operator did not find the match needed: ${path}`);
    return parts.with(at, String(position));
  }

  #change(node: unknown, parts: readonly string[], at: number, change: Change): unknown {
    const part = parts[at] as string;
    const isLast = at === parts.length - 1;
    const isArray = Array.isArray(node);
    if ((!isArray && !isEmbedded(node)) || (isArray && !isPosition(part))) {
      if (change.operator === '$unset') return node;
      throw serverError('pathNotViable', `Cannot create field '${part}' in element of '${change.path}'`);
    }
    const holder = node as Readonly<Record<string, unknown>>;
    const isThere = Object.hasOwn(holder, part);
    if (change.operator === '$unset') {
      if (!isThere) return node;
      if (isLast) return this.#without(node, part);
    }
    const before = isThere ? holder[part] : undefined;
    const after = isLast ? valueOf(change, before) : this.#change(isThere ? before : {}, parts, at + 1, change);
    if (after === before && isThere) return node;
    const own = this.#owned(node);
    if (Array.isArray(own)) {
      while (own.length < Number(part)) own.push(null);
      own[Number(part)] = after;
    } else (own as Record<string, unknown>)[part] = after;
    return own;
  }

  #without(node: unknown, part: string): unknown {
    const own = this.#owned(node);
    // A list keeps its length.
    if (Array.isArray(own)) own[Number(part)] = null;
    else delete (own as Record<string, unknown>)[part];
    return own;
  }

  #owned(node: unknown): unknown {
    if (this.#own.has(node)) return node;
    const copy: unknown = Array.isArray(node) ? [...(node as unknown[])] : { ...(node as Doc) };
    this.#own.add(copy);
    return copy;
  }
}

function valueOf({ operator, value, path }: Change, before: unknown): unknown {
  if (operator === '$addToSet') return withMember(value, before, path);
  if (operator === '$push') return withPushed(value, before, path);
  if (operator !== '$inc') return value;
  if (typeof value !== 'number') throw new NotCoveredError('$inc by something that is no plain number');
  if (before === undefined) return value;
  if (typeof before === 'number') {
    const sum = before + value;
    if (Number.isInteger(sum) && !Number.isSafeInteger(sum)) throw new NotCoveredError('$inc past 2^53');
    return sum;
  }
  if (isBsonNumber(before)) throw new NotCoveredError('$inc of a wide number');
  throw serverError('typeMismatch', `Cannot apply $inc to a value of non-numeric type: ${path}`);
}

/** `{ $each, $slice }` with the newest kept (a slice from the end), or one value. */
function withPushed(value: unknown, before: unknown, path: string): unknown {
  if (before !== undefined && !Array.isArray(before)) {
    throw serverError('badValue', `The field '${path}' must be an array but is not`);
  }
  const members: readonly unknown[] = before ?? [];
  if (!isEmbedded(value) || !('$each' in value)) return [...members, value];
  const { $each, $slice = -Infinity, ...more } = value;
  const isKnown = Array.isArray($each) && typeof $slice === 'number' && $slice < 0 && Object.keys(more).length === 0;
  if (!isKnown) throw new NotCoveredError('such a $push');
  return [...members, ...($each as readonly unknown[])].slice($slice);
}

function withMember(value: unknown, before: unknown, path: string): unknown {
  if (isEmbedded(value)) throw new NotCoveredError('$addToSet of a document, or with $each');
  if (before === undefined) return [value];
  if (!Array.isArray(before)) {
    throw serverError('badValue', `Cannot apply $addToSet to non-array field. Field named '${path}'`);
  }
  const members: readonly unknown[] = before;
  return members.some((member) => isIdentical(member, value)) ? before : [...members, value];
}
