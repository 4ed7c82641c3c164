import type { DeadReason } from './dead-items.js';

const WRONG_IDL =
  'The IDL of this slot describes other bytes than these: the program was upgraded and idl/ or a range of ' +
  'program.history was not. Correct them, restart, and retry.';

/** What an operator can do about each reason. */
const ADVICE: Readonly<Record<DeadReason, string>> = {
  'unknown-discriminator':
    'The IDL of this slot has no event that begins like this: the program was upgraded, or the IDL was never whole. ' +
    'Install the IDL of the deployed program (after an upgrade keep the one before in program.history, with the last ' +
    'slot it was in force), restart, and retry.',
  short: WRONG_IDL,
  trailing: WRONG_IDL,
  invalid: WRONG_IDL,
  unavailable:
    'No endpoint could give this transaction. Add one to SOLANA_RPC_URL that keeps the history of its slot, and retry; ' +
    'where none exists any more, drop it.',
  'log-truncated':
    'Part of the log is missing. The accounts that the transaction touched are read instead, by themselves, once its ' +
    'slot is final; facts that only the missing events tell are not. Retry asks for the transaction again: another ' +
    'endpoint may keep longer logs.',
  'handler-failed':
    'The handler failed as often as HANDLER_ATTEMPTS allows. Correct the handler, restart the worker, and retry.',
};

/** What to do about something that is dead for this reason. */
export function adviceFor(reason: DeadReason): string {
  return ADVICE[reason];
}
