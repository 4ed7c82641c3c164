import { equalButForCase } from './equal-but-for-case.js';
import { numericOrder } from './numeric-order.js';

/** What an operator takes. `number` is also a text of digits, as u64s come. */
export type Operand = 'text' | 'flag' | 'scalar' | 'scalars' | 'number' | 'range';

/** The operators of filters and what each takes. */
export const OPERANDS = {
  $startsWith: 'text',
  $endsWith: 'text',
  $ignoreCaseEquals: 'text',
  $exists: 'flag',
  $isNull: 'flag',
  $anythingBut: 'scalars',
  $not: 'scalar',
  $includes: 'scalar',
  $gt: 'number',
  $gte: 'number',
  $lt: 'number',
  $lte: 'number',
  $between: 'range',
} as const satisfies Readonly<Record<string, Operand>>;

/** The name of an operator. */
export type Operator = keyof typeof OPERANDS;

/** Whether there is an operator of this name. */
export function isOperator(name: string): name is Operator {
  return Object.hasOwn(OPERANDS, name);
}

/** Whether a value (undefined: missing) is as one operator asks. Nothing is converted, but digits compare as numbers. */
export function operatorHolds(name: Operator, operand: unknown, value: unknown): boolean {
  switch (name) {
    case '$startsWith':
      return typeof value === 'string' && typeof operand === 'string' && value.startsWith(operand);
    case '$endsWith':
      return typeof value === 'string' && typeof operand === 'string' && value.endsWith(operand);
    case '$ignoreCaseEquals':
      return typeof value === 'string' && typeof operand === 'string' && equalButForCase(value, operand);
    case '$exists':
      return (value !== undefined) === operand;
    case '$isNull':
      return (value === null) === operand;
    case '$anythingBut':
      return Array.isArray(operand) ? !operand.includes(value) : value !== operand;
    case '$not':
      return Array.isArray(value) ? !value.includes(operand) : isScalar(value) && value !== operand;
    case '$includes':
      return Array.isArray(value) && value.includes(operand);
    case '$gt':
      return numericOrder(value, operand) > 0;
    case '$gte':
      return numericOrder(value, operand) >= 0;
    case '$lt':
      return numericOrder(value, operand) < 0;
    case '$lte':
      return numericOrder(value, operand) <= 0;
    case '$between':
      return Array.isArray(operand) && numericOrder(value, operand[0]) >= 0 && numericOrder(value, operand[1]) <= 0;
  }
}

/** A text, a number or a flag. */
export function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
