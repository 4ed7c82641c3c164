import type { DecodedTransaction } from '../decoding/decode-transaction.js';
import type { TraceInstruction } from '../decoding/types.js';
import type { Commitment } from '../lib/commitment.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { DeadLetter } from '../ledger/dead-letter.js';
import type { LedgerRecord, RecordSource } from '../ledger/ledger-record.js';
import { runHandler, touchesOf } from './run-handler.js';

/** What is known of a transaction besides its events. */
export interface TransactionFacts {
  readonly signature: string;
  readonly slot: number;
  readonly source: RecordSource;
  readonly seenAs: Commitment;
  readonly seenAt: Date;
  readonly finalityDueAt: Date;
  /** Accounts to read from the chain when the log is cut off. */
  readonly touchedAccounts: readonly string[];
}

/** A decoded transaction as the ledger keeps it. */
export interface BuiltRecords {
  readonly records: readonly LedgerRecord[];
  readonly letters: readonly DeadLetter[];
}

/**
 * Turns a decoded transaction into records and, for what could not be decoded, dead letters. A handler that throws
 * here only leaves `touches` empty: it is tried again when the record is applied.
 */
export function buildRecords(module: DomainModule, decoded: DecodedTransaction, facts: TransactionFacts): BuiltRecords {
  const { signature, slot, source, seenAs, seenAt, finalityDueAt } = facts;
  const records = decoded.events.map((event): LedgerRecord => {
    const outcome = runHandler(module, {
      _id: event.id,
      kind: 'event',
      name: event.name,
      signature,
      slot,
      data: event.data,
    });
    return {
      _id: event.id,
      kind: 'event',
      program: module.name,
      signature,
      slot,
      index: 0,
      place: event.place,
      name: event.name,
      data: event.data,
      raw: event.raw,
      touches: outcome.ok ? touchesOf(outcome.writes) : [],
      of: decoded.events.length,
      state: 'received',
      commitment: 'confirmed',
      source,
      seenAs,
      generation: 0,
      attempts: 0,
      error: null,
      seenAt,
      appliedAt: null,
      finalizedAt: null,
      finalityDueAt,
      nextAttemptAt: null,
      blockhash: null,
      blockTime: null,
      disputed: false,
    };
  });
  const letters = decoded.undecodable.map((event): DeadLetter => ({
    _id: event.id,
    program: module.name,
    signature,
    slot,
    reason: event.reason,
    detail: event.detail,
    raw: event.raw,
    place: event.place,
    refresh: [],
    seenAt,
  }));
  if (!decoded.truncated) return { records, letters };
  return {
    records,
    letters: [...letters, incompleteLetter(module, facts, 'the node cut the log off at its size limit')],
  };
}

/** Notes that part of a transaction's log is missing, so that the accounts it touched are read instead (TRAPS 2). */
export function incompleteLetter(module: DomainModule, facts: TransactionFacts, detail: string): DeadLetter {
  return {
    // By slot: after a fork it may land elsewhere, and the accounts have to be read as of then.
    _id: `${facts.signature}/incomplete/${facts.slot}/${module.name}`,
    program: module.name,
    signature: facts.signature,
    slot: facts.slot,
    reason: 'log-truncated',
    detail,
    raw: null,
    place: null,
    refresh: facts.touchedAccounts,
    seenAt: facts.seenAt,
  };
}

/** Every account that was handed to the program in this transaction: what a missing log line may have been about. */
export function accountsOfProgram(trace: readonly TraceInstruction[], programId: string): string[] {
  return [
    ...new Set(trace.flatMap((instruction) => (instruction.programId === programId ? instruction.accounts : []))),
  ];
}
