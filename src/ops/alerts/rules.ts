import { STATUS_STALE_MS, type ListenerStatus } from '../../ledger/listener-status.js';
import type { Condition } from './hysteresis.js';

/** What is watched, each about one program or, for RPC, about all. */
export const ALERT_KINDS = ['listener-stopped', 'lag', 'handler-errors', 'rpc-down'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** One look at one thing. */
export interface Reading {
  /** `<kind>/<program>`, or the kind alone. */
  readonly id: string;
  readonly kind: AlertKind;
  readonly program: string | null;
  readonly condition: Condition;
  /** What is the matter, for whoever is told. */
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** From where on it is bad. */
export interface AlertLimits {
  readonly maxLagSlots: number;
  /** Failed attempts of handlers in a row, with no success between. */
  readonly errorsInARow: number;
}

/** What a program's listener says of itself. Null: none ever did. */
export function readProgram(
  program: string,
  status: ListenerStatus | null,
  nowMs: number,
  limits: AlertLimits,
): readonly Reading[] {
  const fresh = status && nowMs - status.updatedAt.getTime() < STATUS_STALE_MS ? status : null;
  const reading = (kind: AlertKind, condition: Condition, message: string, details: Reading['details']): Reading => ({
    id: `${kind}/${program}`,
    ...{ kind, program, condition, message, details },
  });
  return [
    reading('listener-stopped', fresh?.isListening ? 'well' : 'bad', `nothing listens to ${program}`, {
      said: fresh ? 'not listening' : 'nothing for too long',
      lastSeenAt: status?.updatedAt ?? null,
      holder: status?.holder ?? null,
    }),
    reading('lag', lagCondition(fresh?.lagSlots ?? null, limits.maxLagSlots), `${program} is behind the chain`, {
      lagSlots: fresh?.lagSlots ?? null,
      limit: limits.maxLagSlots,
      sweepStopped: fresh?.sweepStopped ?? null,
    }),
    reading('handler-errors', errorCondition(fresh, limits), `handlers of ${program} fail, one after another`, {
      inARow: fresh?.errorsInARow ?? null,
      limit: limits.errorsInARow,
    }),
  ];
}

/** Whether any RPC endpoint answers. */
export function readRpc(answering: number, asked: number): Reading {
  return {
    ...{ id: 'rpc-down', kind: 'rpc-down', program: null },
    condition: answering > 0 ? 'well' : 'bad',
    message: 'no RPC endpoint answers',
    details: { answering, asked },
  };
}

/** Well only below half of the limit: what swings around the limit is told once. Unknown is neither. */
function lagCondition(lagSlots: number | null, limit: number): Condition {
  if (lagSlots === null) return 'between';
  if (lagSlots > limit) return 'bad';
  return lagSlots <= limit / 2 ? 'well' : 'between';
}

/** One success is enough to be well, but being told nothing is not. */
function errorCondition(status: ListenerStatus | null, { errorsInARow }: AlertLimits): Condition {
  if (!status) return 'between';
  if (status.errorsInARow >= errorsInARow) return 'bad';
  return status.errorsInARow === 0 ? 'well' : 'between';
}
