import { Journal } from '../journal.js';

/** Everything that can go wrong around managed transactions. */
export const TX_FAULTS = [
  'fork: transactions dropped',
  'fork: transactions lie around again',
  'slots skipped',
  'bytes lost by a leader',
  'bytes offered twice',
  'bytes land late',
  'bytes land in the last block they can',
  'error after the bytes were taken',
  'time-out after the bytes were taken',
  'endpoint down',
  'endpoint silent',
  'endpoint limits the rate',
  'endpoint lags',
  'endpoint is several nodes',
  'endpoint answers nonsense',
  'endpoint denies what landed',
  'endpoint has no statuses',
  'endpoint has no history',
  'block height too high',
  'block height too low',
  'database fails before',
  'database fails after',
  'process killed',
  'process frozen',
  'clocks wrong',
  'answer lost on its way to the client',
  'key used with another body',
  'same content under two keys',
  'number taken by somebody else',
  'row moved on by somebody else',
  'row closed by somebody else',
  'payer out of funds',
  'nonce advanced by somebody else',
  'operator takes a request back',
  'operator pauses a signer',
  'operator wants more offered',
] as const;
export type TxFault = (typeof TX_FAULTS)[number];

/** What becomes of requests, and the ways in which they come right again. */
export const TX_PATHS = [
  'landed and became final',
  'landed again in another slot',
  'not seen any more after it was confirmed',
  'signed again after proof',
  'offered more over the same nonce',
  'nonce used again',
  'expired for good',
  'refused before anything was signed',
  'failed on chain',
  'planned again after a lost race',
  'number given back',
  'number of another one used again',
  'taken up by another holder',
  'stale holder stopped',
  'repeated request found',
  'key refused for another body',
] as const;
export type TxPath = (typeof TX_PATHS)[number];

/** What takes several accidents at once: a fork and its other side, a number given back in a row that somebody moved on. */
export const TX_RARE = [
  'endpoint has no history',
  'landed again in another slot',
  'number of another one used again',
] as const satisfies readonly (TxFault | TxPath)[];

/** What happened in one run of managed transactions. */
export type TxJournal = Journal<TxFault, TxPath>;

export function txJournal(now: () => number, isVerbose: boolean): TxJournal {
  return new Journal<TxFault, TxPath>(now, isVerbose);
}
