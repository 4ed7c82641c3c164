import type { BackfillOutcome } from '../../src/recovery/backfill.js';
import type { Span } from '../../src/recovery/span-listing.js';
import { EXIT_FAILED } from '../command/command-line.js';
import { describeSeconds } from '../command/describe-seconds.js';
import { EXIT_INTERRUPTED } from '../command/interrupt.js';

/** Documented in --help. */
export const EXIT = { complete: 0, incomplete: 1, failed: EXIT_FAILED, interrupted: EXIT_INTERRUPTED } as const;

/** What --json prints. */
export interface BackfillSummary {
  readonly program: string;
  /** complete, counted (--dry-run), nothing-to-do, refused, or why it stopped. */
  readonly outcome: string;
  readonly complete: boolean;
  readonly fromSlot: number | null;
  readonly untilSlot: number | null;
  /** Listed on chain in the span, failed ones included. */
  readonly transactions: number;
  /** New to the ledger. With --dry-run 0: nothing was decoded. */
  readonly events: number;
  /** Transactions with new events; with --dry-run those that would be fetched. */
  readonly found: number;
  /** Known before, failed, or without events. */
  readonly alreadyKnown: number;
  readonly parked: number;
  /** RPC requests of this run. */
  readonly requests: number;
  /** Of all runs of this backfill. */
  readonly seconds: number;
  readonly eventsPerMinute: number;
  readonly resumed: boolean;
  /** Where complete history begins now; null where no worker has said so yet, or it is not known. */
  readonly since: number | null;
  /** Why it was refused. */
  readonly error?: string;
}

/** What decides over the words for an outcome. */
export interface Circumstances {
  /** A worker runs for this program. */
  readonly workerLives: boolean;
  /** By Ctrl-C or SIGTERM. */
  readonly interrupted: boolean;
  /** Where history was missing: the oldest slot the endpoint has; null where it did not say. */
  readonly oldestSlot: number | null;
}

/** An outcome as one flat object. */
export function summarize(program: string, outcome: BackfillOutcome, requests: number): BackfillSummary {
  const nothing = {
    ...{ fromSlot: null, untilSlot: null, transactions: 0, events: 0, found: 0, alreadyKnown: 0, parked: 0 },
    ...{ seconds: 0, eventsPerMinute: 0, resumed: false, since: null, complete: false },
  };
  if (outcome.kind === 'refused') {
    return { program, outcome: outcome.kind, requests, ...nothing, error: outcome.why };
  }
  if (outcome.kind === 'nothing-to-do') {
    return { program, outcome: outcome.kind, requests, ...nothing, complete: true, since: outcome.since };
  }
  const { counts, ranMs, span, resumed } = outcome;
  return {
    program,
    outcome: outcome.kind === 'stopped' ? outcome.reason : outcome.kind,
    complete: outcome.kind === 'complete',
    fromSlot: span?.fromSlot ?? null,
    untilSlot: span?.toSlot ?? null,
    transactions: counts.listed,
    events: counts.events,
    found: counts.found,
    alreadyKnown: counts.known,
    parked: counts.parked,
    requests,
    seconds: Math.round(ranMs / 100) / 10,
    eventsPerMinute: ranMs > 0 ? Math.round((counts.events / ranMs) * 60_000) : 0,
    resumed,
    since: outcome.kind === 'stopped' ? null : outcome.since,
  };
}

/** The outcome for people. */
export function describeOutcome(outcome: BackfillOutcome, circumstances: Circumstances): string[] {
  const { workerLives, interrupted, oldestSlot } = circumstances;
  switch (outcome.kind) {
    case 'refused':
      return [outcome.why];
    case 'nothing-to-do':
      return [`nothing to do: history is complete from slot ${outcome.since} on`];
    case 'counted':
      return [
        `slots ${outcome.span.fromSlot} to ${outcome.span.toSlot} hold ${outcome.counts.listed} transactions; ` +
          `${outcome.counts.found} would be fetched, ${outcome.counts.known} are known, failed or without events`,
      ];
    case 'stopped': {
      if (!interrupted && outcome.reason === 'history-missing') return adviseOnMissingHistory(outcome.span, oldestSlot);
      const goesOn =
        outcome.span === null || outcome.reason === 'taken-over' ? '' : '; the same command goes on from here';
      return [interrupted ? `interrupted${goesOn}` : `stopped: ${outcome.reason}: ${outcome.detail}${goesOn}`];
    }
    case 'complete':
      return [
        `slots ${outcome.span.fromSlot} to ${outcome.span.toSlot} are complete: ${outcome.counts.listed} transactions, ` +
          `${outcome.counts.events} new events, ${outcome.counts.parked} parked, in ${describeSeconds(outcome.ranMs / 1_000)}`,
        describeSince(outcome),
        workerLives
          ? 'the worker applies them to the documents, and follows them to finality'
          : 'no worker runs for this program: the events are in the ledger, and are applied to the documents once one starts',
      ];
  }
}

/** To run the same command on the same endpoint again would end the same. */
function adviseOnMissingHistory(span: Span | null, oldestSlot: number | null): string[] {
  const asked = span === null ? 'the start' : `slot ${span.fromSlot}`;
  const has = oldestSlot === null ? '' : `: its oldest block is slot ${oldestSlot}`;
  const start = oldestSlot === null ? '<slot>' : String(oldestSlot);
  return [
    `stopped: history-missing: the endpoint does not go back to ${asked}${has}. What was found is kept. Either`,
    '  - set SOLANA_RPC_URL to an endpoint with the whole history, and run the same command again; or',
    `  - begin where this one does: --from-slot ${start} --restart (later, where it forgets old blocks meanwhile)`,
  ];
}

function describeSince({ since, joined, span }: Extract<BackfillOutcome, { kind: 'complete' | 'counted' }>): string {
  if (since === null) return 'where complete history begins is for the first worker to say';
  if (joined || since <= span.fromSlot) return `history is complete from slot ${since} on`;
  return `history is complete from slot ${since} on; between this span and there something is not scanned`;
}
