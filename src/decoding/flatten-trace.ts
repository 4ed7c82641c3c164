import type { TraceInstruction } from './types.js';

/** The instructions invoked, directly or not, by the top-level instruction `index`, in order of execution. */
export interface InnerInstructions {
  readonly index: number;
  readonly instructions: readonly TraceInstruction[];
}

/** Every instruction of a transaction in order of execution: each top-level one, then what it invoked. */
export function flattenTrace(
  topLevel: readonly TraceInstruction[],
  inner: readonly InnerInstructions[],
): readonly TraceInstruction[] {
  const groups = new Map<number, readonly TraceInstruction[]>();
  for (const { index, instructions } of inner) groups.set(index, [...(groups.get(index) ?? []), ...instructions]);
  return topLevel.flatMap((instruction, index) => [instruction, ...(groups.get(index) ?? [])]);
}
