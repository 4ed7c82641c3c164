import type { DeadKind } from '../../ledger/dead-items.js';
import { STATUS_STALE_MS, type ListenerStatus } from '../../ledger/listener-status.js';
import type { Condition } from './hysteresis.js';

/** What is watched of each signer (signer-rules.ts). */
export const SIGNER_ALERT_KINDS = ['signer-balance', 'signer-unheld', 'transactions-unresolved'] as const;
export type SignerAlertKind = (typeof SIGNER_ALERT_KINDS)[number];

/** What is watched, each about one program, one signer or, for RPC, about all. */
export const ALERT_KINDS = [
  ...(['listener-stopped', 'lag', 'handler-errors', 'dead-events', 'rpc-down'] as const),
  ...SIGNER_ALERT_KINDS,
  'dispatchers-disabled',
] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

/** Of passes over a program, told by whoever makes them. */
export const RECONCILE_DRIFT = 'reconcile-drift';

/** One look at one thing. */
export interface Reading {
  /** `<kind>/<program>`, `<kind>/<signer>`, or the kind alone. */
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
    reading(
      'handler-errors',
      errorCondition(fresh?.errorsInARow ?? null, limits.errorsInARow),
      `handlers of ${program} fail, one after another`,
      {
        inARow: fresh?.errorsInARow ?? null,
        limit: limits.errorsInARow,
      },
    ),
  ];
}

/**
 * What of a program took no effect and waits for an operator. Handlers fail in a row only until one succeeds, and an event is
 * given up after fewer attempts than make such a row: this is what is left of it.
 */
export function readDead(program: string, open: Readonly<Record<DeadKind, number>>): Reading {
  const count = open.letter + open.record;
  return {
    ...{ id: `dead-events/${program}`, kind: 'dead-events', program },
    condition: count > 0 ? 'bad' : 'well',
    message: `events of ${program} are dead: they took no effect, and wait for an operator`,
    details: { letters: open.letter, records: open.record },
  };
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

/** Dispatchers that nobody asked to disable: their endpoints are gone, or did nothing but fail for days. */
export function readDisabledDispatchers(
  disabled: readonly { readonly dispatcher: string; readonly environment: string; readonly reason: string }[],
): Reading {
  return {
    ...{ id: 'dispatchers-disabled', kind: 'dispatchers-disabled', program: null },
    condition: disabled.length > 0 ? 'bad' : 'well',
    message: 'dispatchers were disabled because of their endpoints: they are told of nothing any more',
    details: { dispatchers: disabled },
  };
}

/** Well only below half of the limit: what swings around the limit is told once. Unknown is neither. */
function lagCondition(lagSlots: number | null, limit: number): Condition {
  if (lagSlots === null) return 'between';
  if (lagSlots > limit) return 'bad';
  return lagSlots <= limit / 2 ? 'well' : 'between';
}

/** One success is enough to be well; being told nothing is not, nor is a worker that began anew and tried none yet. */
function errorCondition(inARow: number | null, limit: number): Condition {
  if (inARow === null) return 'between';
  if (inARow >= limit) return 'bad';
  return inARow === 0 ? 'well' : 'between';
}
