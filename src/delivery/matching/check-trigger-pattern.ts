import type { FilterFaults } from './filter-faults.js';
import { isObject, type JsonObject } from './own-value.js';
import { isOperator, isScalar, OPERANDS, type Operand } from './operators.js';

/**
 * Finds what trigger.dev would not have saved (its `EventFilterSchema`): there a filter like that matched nothing, and in
 * `eventFilterMatches` by itself it throws or says nothing.
 */
export function checkTriggerPattern(
  pattern: JsonObject,
  place: readonly (string | number)[],
  faults: FilterFaults,
): void {
  for (const [key, wanted] of Object.entries(pattern)) {
    const here = [...place, key];
    if (isObject(wanted)) checkTriggerPattern(wanted, here, faults);
    else if (!Array.isArray(wanted)) faults.add(here, 'must be a list or a pattern');
    else if (!isAlike(wanted)) {
      wanted.forEach((condition, at) => {
        if (!isCondition(condition)) faults.add([...here, at], 'must be an operator with what it takes');
      });
    }
  }
}

function isAlike(list: readonly unknown[]): boolean {
  return list.every((item) => isScalar(item) && typeof item === typeof list[0]);
}

/** One operator has to be right; what is beside it was ignored. */
function isCondition(condition: unknown): boolean {
  return isObject(condition) && Object.entries(condition).some(([name, value]) => isOperation(name, value));
}

function isOperation(name: string, value: unknown): boolean {
  return isOperator(name) && takes(OPERANDS[name], value);
}

function takes(operand: Operand, value: unknown): boolean {
  switch (operand) {
    case 'text':
      return typeof value === 'string';
    case 'flag':
      return typeof value === 'boolean';
    case 'scalar':
      return isScalar(value);
    case 'scalars':
      return isScalar(value) || (Array.isArray(value) && isAlike(value));
    case 'number':
      return typeof value === 'number';
    case 'range':
      return Array.isArray(value) && value.length === 2 && value.every((end) => typeof end === 'number');
  }
}
