import type { FilterFaults } from './filter-faults.js';
import { isNumeric, numericOrder } from './numeric-order.js';
import { isObject, type JsonObject } from './own-value.js';
import { isOperator, isScalar, OPERANDS, type Operand, type Operator } from './operators.js';

type Place = readonly (string | number)[];

/** Finds what has no meaning in strict mode, or not the one it seems to have. */
export function checkStrictPattern(pattern: JsonObject, place: Place, faults: FilterFaults): void {
  for (const [key, wanted] of Object.entries(pattern)) {
    const here = [...place, key];
    if (key.startsWith('$')) {
      faults.add(here, `is in the place of a key: operators stand in a list, as in [{ "${key}": … }]`);
    } else if (Array.isArray(wanted)) checkList(wanted, here, faults);
    else if (!isObject(wanted)) {
      faults.add(here, `must be a list or a pattern: ${wanted === null ? '[{ "$isNull": true }]' : 'write [ … ]'}`);
    } else if (Object.keys(wanted).length === 0) faults.add(here, 'is empty: leave the key out, or use $exists');
    else checkStrictPattern(wanted, here, faults);
  }
}

function checkList(list: readonly unknown[], place: Place, faults: FilterFaults): void {
  if (list.length === 0) {
    faults.add(place, 'is empty, and nothing is one of none: leave the key out');
    return;
  }
  if (isObject(list[0])) {
    list.forEach((condition, at) => checkCondition(condition, [...place, at], faults));
    return;
  }
  const kind = typeof list[0];
  list.forEach((value, at) => {
    const fault = scalarFault(value);
    if (fault !== null) faults.add([...place, at], fault);
    else if (typeof value !== kind) faults.add([...place, at], `must be a ${kind}, as what is before it`);
  });
}

function checkCondition(condition: unknown, place: Place, faults: FilterFaults): void {
  if (!isObject(condition)) {
    faults.add(place, 'must be an operator, as what is before it');
    return;
  }
  const names = Object.keys(condition);
  const unknown = names.filter((name) => !isOperator(name));
  for (const name of unknown) {
    faults.add([...place, name], `is no operator; there are ${Object.keys(OPERANDS).join(', ')}`);
  }
  if (unknown.length > 0) return;
  const [name, ...others] = names as Operator[];
  if (name === undefined) faults.add(place, 'is empty: it must have one operator');
  else if (others.length > 0) {
    const apart = names.map((one) => `{ "${one}": … }`).join(', ');
    faults.add(place, `must have one operator; for all of them write ${apart}`);
  } else {
    const fault = operandFault(OPERANDS[name], condition[name]);
    if (fault !== null) faults.add([...place, name], fault);
  }
}

function operandFault(operand: Operand, value: unknown): string | null {
  switch (operand) {
    case 'text':
      return typeof value === 'string' ? null : 'must be a text';
    case 'flag':
      return typeof value === 'boolean' ? null : 'must be true or false';
    case 'scalar':
      return scalarFault(value);
    case 'scalars':
      return Array.isArray(value) ? scalarsFault(value) : scalarFault(value);
    case 'number':
      return numberFault(value);
    case 'range':
      return rangeFault(value);
  }
}

function scalarsFault(values: readonly unknown[]): string | null {
  if (values.length === 0) return 'is empty, and everything is anything but nothing: leave it out';
  if (values.some((value) => typeof value !== typeof values[0])) return 'must be all texts, all numbers or all flags';
  return values.map(scalarFault).find((fault) => fault !== null) ?? null;
}

function scalarFault(value: unknown): string | null {
  if (value === null) return 'is null: use [{ "$isNull": true }]';
  if (!isScalar(value)) return 'must be a text, a number, true or false';
  return typeof value === 'number' ? inexact(value) : null;
}

function numberFault(value: unknown): string | null {
  if (!isNumeric(value)) return 'must be a number, or a text of digits';
  return typeof value === 'number' ? inexact(value) : null;
}

function rangeFault(value: unknown): string | null {
  if (!Array.isArray(value) || value.length !== 2) return 'must be a list of two numbers, from and to';
  const fault = numberFault(value[0]) ?? numberFault(value[1]);
  if (fault !== null) return fault;
  return numericOrder(value[0], value[1]) > 0 ? 'is the wrong way round: nothing is between them' : null;
}

/** JSON has lost digits of it before anybody here saw it. */
function inexact(value: number): string | null {
  return Number.isInteger(value) && !Number.isSafeInteger(value)
    ? 'is too large for an exact JSON number: write it as a text'
    : null;
}
