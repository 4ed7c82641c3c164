import { isIdentical } from './compare.js';
import { NotCoveredError, serverError } from './errors.js';
import type { Table } from './table.js';
import { takeIn, type Doc } from './values.js';

/** As it is asked for with createIndexes. */
export interface IndexRequest {
  readonly key: Readonly<Record<string, unknown>>;
  readonly name?: string;
  readonly unique?: boolean;
  readonly sparse?: boolean;
  readonly partialFilterExpression?: object;
}

const KNOWN = new Set(['key', 'name', 'unique', 'sparse', 'partialFilterExpression']);

/** Makes an index, or finds that it is there. Returns its name. @throws MongoServerError 85, 86 or 11000 */
export function createIndex(table: Table, request: IndexRequest): string {
  for (const option of Object.keys(request)) {
    if (!KNOWN.has(option)) throw new NotCoveredError(`the index option ${option}`);
  }
  const keys = Object.entries(request.key).map(([path, direction]): [string, 1 | -1] => {
    if (direction !== 1 && direction !== -1) throw new NotCoveredError(`an index of the kind ${String(direction)}`);
    return [path, direction];
  });
  const name = request.name ?? keys.map(([path, direction]) => `${path}_${direction}`).join('_');
  const partial = request.partialFilterExpression ? (takeIn(request.partialFilterExpression) as Doc) : null;
  const spec = { name, keys, unique: request.unique === true, sparse: request.sparse === true, partial };
  for (const { spec: there } of table.indexes) {
    // Since 5.0 indexes on the same keys may stand beside each other, if one of these three differs.
    const isSame =
      isIdentical(there.keys, keys) &&
      isIdentical(there.partial, partial) &&
      there.unique === spec.unique &&
      there.sparse === spec.sparse;
    if (isSame && there.name === name) return name;
    if (there.name === name) throw serverError('indexKeySpecsConflict', `An existing index has the same name: ${name}`);
    if (isSame) throw serverError('indexOptionsConflict', `Index already exists with a different name: ${there.name}`);
  }
  table.addIndex(spec);
  return name;
}
