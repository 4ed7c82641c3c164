import { compareValues } from './compare.js';
import { NotCoveredError } from './errors.js';
import { isEmbedded, type Doc } from './values.js';

type Expression = (document: Doc) => unknown;

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  $eq: (order) => order === 0,
  $ne: (order) => order !== 0,
  $lt: (order) => order < 0,
  $lte: (order) => order <= 0,
  $gt: (order) => order > 0,
  $gte: (order) => order >= 0,
};

/** The few aggregation expressions that filters of mooring use. */
export function compileExpression(source: unknown): (document: Doc) => boolean {
  const [name, operand] = operationOf(source);
  const compares = COMPARISONS[name];
  if (!compares || !Array.isArray(operand) || operand.length !== 2) throw new NotCoveredError(`$expr with ${name}`);
  const [left, right] = [valueOf(operand[0]), valueOf(operand[1])];
  return (document) => compares(compareValues(left(document), right(document)));
}

function valueOf(source: unknown): Expression {
  if (typeof source === 'number') return () => source;
  if (source === '$$ROOT') return (document) => document;
  const [name, operand] = operationOf(source);
  const argument = valueOf(operand);
  if (name === '$objectToArray') {
    return (document) => Object.entries(argument(document) as Doc).map(([k, v]) => ({ k, v }));
  }
  if (name === '$size') return (document) => (argument(document) as readonly unknown[]).length;
  throw new NotCoveredError(`the expression ${name}`);
}

function operationOf(source: unknown): readonly [string, unknown] {
  const [entry, ...more] = isEmbedded(source) ? Object.entries(source) : [];
  if (!entry || more.length > 0) throw new NotCoveredError(`the expression ${JSON.stringify(source)}`);
  return entry;
}
