import type { ManagedTransaction } from '../transactions/managed-transaction.js';
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
    signature: transaction.attempts.at(-1)?.signature ?? null,
    slot: transaction.slot,
    commitment: transaction.commitment,
  };
}

/** The problem of a transaction that the chain said no to, or that never landed; undefined for any other. */
export function refusalProblem(transaction: ManagedTransaction, races: readonly string[]): Problem | undefined {
  const { id, signature } = transactionFacts(transaction);
  if (transaction.state === 'expired')
    return new Problem('transaction-expired', undefined, { transaction: id, signature });
  if (transaction.state !== 'failed' || !transaction.refusal) return undefined;
  const { name, message, code, program, stage } = transaction.refusal;
  const isRace = races.includes(name);
  const detail = isRace
    ? `Somebody else was faster, and this had no effect (${name}: ${message}). Repeat it with a new Idempotency-Key.`
    : `${name}: ${message}`;
  return new Problem(isRace ? 'raced' : 'program-refused', detail, {
    programError: { name, message, code, program },
    stage,
    transaction: id,
    signature,
  });
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
      ? 'The transaction was handed to the chain; whether it landed is not known yet. Ask statusUrl, or send the same request with the same Idempotency-Key.'
      : 'The transaction is confirmed; its documents follow.';
  return { status: 202, location: statusUrl, body: { ...facts, statusUrl, detail } };
}
