import { currentAttempt, type ManagedTransaction } from '../transactions/managed-transaction.js';
import type { ProgramRefusal } from '../transactions/program-refusal.js';
import type { DocumentView } from './document-view.js';
import { Problem } from './problem.js';

/** A transaction whose documents are readable, or why there is none yet. */
export type WriteState =
  | { readonly kind: 'readable'; readonly documents: readonly (DocumentView | null)[] }
  /** It is confirmed; its documents follow. */
  | { readonly kind: 'not-readable-yet' }
  /** Nobody knows yet what became of it. */
  | { readonly kind: 'unresolved' };

export interface CommandAnswer {
  readonly status: 200 | 201 | 202;
  readonly location: string | undefined;
  readonly body: Record<string, unknown>;
}

/** The path that tells how a request stands. */
export function statusPath(id: string): string {
  return `/api/transactions/${encodeURIComponent(id)}`;
}

/** What can be said of a transaction at any time. */
export function transactionFacts(transaction: ManagedTransaction): Record<string, unknown> {
  return {
    id: transaction.id,
    state: transaction.state,
    address: transaction.result?.address ?? null,
    addresses: transaction.result?.addresses ?? {},
    signature: currentAttempt(transaction)?.signature ?? null,
    slot: transaction.slot,
    commitment: transaction.commitment,
  };
}

/** The problem of a transaction that the chain said no to, or that never landed; undefined for any other. */
export function refusalProblem(transaction: ManagedTransaction): Problem | undefined {
  const { id, signature } = transactionFacts(transaction);
  if (transaction.state === 'expired')
    return new Problem('transaction-expired', undefined, { transaction: id, signature });
  if (transaction.state === 'cancelled') return new Problem('transaction-cancelled', undefined, { transaction: id });
  if (transaction.state !== 'failed' || !transaction.refusal) return undefined;
  return programProblem(transaction.refusal, transaction.races, { transaction: id, signature });
}

/** The chain's no. `races`: refusals, by name, that mean that somebody else was faster. */
export function programProblem(
  { name, message, code, program, stage }: ProgramRefusal,
  races: readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Problem {
  const isRace = races.includes(name);
  const detail = isRace
    ? `Somebody else was faster, and this had no effect (${name}: ${message}). Repeat it with a new Idempotency-Key.`
    : `${name}: ${message}`;
  const programError = { name, message, code, program };
  return new Problem(isRace ? 'raced' : 'program-refused', detail, { programError, stage, ...more });
}

/**
 * The answer of a write that was not refused. `created` is the path of what it made, for a write that makes something.
 * What is not known for certain is 202: never success, never failure.
 */
export function commandAnswer(
  transaction: ManagedTransaction,
  state: WriteState,
  created: string | undefined,
): CommandAnswer {
  const facts = transactionFacts(transaction);
  if (state.kind === 'readable') {
    const [document = null, ...others] = state.documents;
    return {
      status: created === undefined ? 200 : 201,
      location: created,
      body: { ...facts, document, documents: [document, ...others] },
    };
  }
  const statusUrl = statusPath(transaction.id);
  const detail =
    state.kind === 'unresolved'
      ? `${whereItIs(transaction)} Ask statusUrl, or send the same request with the same Idempotency-Key.`
      : 'The transaction is confirmed; its documents follow.';
  return { status: 202, location: statusUrl, body: { ...facts, statusUrl, detail } };
}

function whereItIs({ state, attempts }: ManagedTransaction): string {
  if (state !== 'pending') return 'The transaction was handed to the chain; whether it landed is not known yet.';
  return attempts.length === 0
    ? 'The request is stored; nothing of it is signed yet.'
    : 'What was signed of it can never land any more, and it is to be signed anew.';
}
