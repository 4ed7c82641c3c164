import idl from '../../idl/coupons.json' with { type: 'json' };

const PROGRAM = idl.address;
const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
const SYSTEM = '1'.repeat(32);
const BUDGET = `ComputeBudget${'1'.repeat(30)}`;

/** What an instruction of the program logs besides its events. */
export interface LogShape {
  readonly instruction: string;
  /** Calls of other programs before each event. */
  readonly calls: readonly ('system' | 'token')[];
  readonly units: number;
}

const systemCall = [`Program ${SYSTEM} invoke [2]`, `Program ${SYSTEM} success`];
const tokenCall = [
  `Program ${TOKEN} invoke [2]`,
  `Program ${TOKEN} consumed 534 of 594987 compute units`,
  `Program ${TOKEN} success`,
];

/**
 * The log of a transaction with these events, line by line as a Surfnet 1.5.0 gave it for the same instruction on
 * 2026-11-21, except that CouponSold and CommentAdded, which the program emits by `emit_cpi!`, are logged as well: so
 * that everything about an event comes from its notice.
 */
export function logLines(shape: LogShape, events: readonly Buffer[]): string[] {
  const calls = shape.calls.flatMap((call) => (call === 'system' ? systemCall : tokenCall));
  return [
    `Program ${BUDGET} invoke [1]`,
    `Program ${BUDGET} success`,
    `Program ${PROGRAM} invoke [1]`,
    `Program log: Instruction: ${shape.instruction}`,
    ...events.flatMap((event) => [...calls, `Program data: ${event.toString('base64')}`]),
    `Program ${PROGRAM} consumed ${shape.units} of 599850 compute units`,
    `Program ${PROGRAM} success`,
  ];
}
