import { fail, ok, warn, type Judgement } from './finding.js';
import { counted, listed, span } from './words.js';

/** Records that are in the ledger and not in the documents. */
export interface WaitingReading {
  readonly count: number;
  /** Since the oldest of them was seen, in milliseconds. */
  readonly oldestMs: number;
}

/** Whether what came in was applied. Only what waits longer than it should is counted. */
export function judgeWaiting({ count, oldestMs }: WaitingReading, patienceMs: number): Judgement {
  if (count === 0) return ok(`none waits longer than ${span(patienceMs)}`);
  return warn(
    `${counted(count, 'record')} waiting, the oldest for ${span(oldestMs)}`,
    'A worker applies them oldest first: see the lines of the worker here, and look again. While a long history comes in (npm run backfill, a first start) they wait in line.',
  );
}

/** What did not take effect and is nobody's decision yet. */
export interface DeadReading {
  readonly letters: number;
  readonly records: number;
  /** Of the newest ones. */
  readonly reasons: readonly string[];
  /** Those letters of which nothing but the reading of accounts is left to do. */
  readonly truncated: number;
}

/** Whether everything that was seen took effect. */
export function judgeDead(name: string, { letters, records, reasons, truncated }: DeadReading): Judgement {
  if (letters + records === 0) return ok('none');
  const found = `${counted(letters, 'letter')}, ${counted(records, 'record')}: ${listed(reasons)}`;
  const look = `npm run dead-letters -- list --program ${name}, then show <id> says what to do (docs/operations.md, Dead letters).`;
  return records === 0 && letters === truncated
    ? warn(found, `The worker reads the accounts of a cut-off log by itself once it is final. ${look}`)
    : fail(found, look);
}

/** Requests to the chain whose end is not known. */
export interface UnfinishedReading {
  readonly count: number;
  readonly oldestMs: number;
}

/** Whether every request of the API found its end. Only what takes longer than it can is counted. */
export function judgeUnfinished({ count, oldestMs }: UnfinishedReading): Judgement {
  if (count === 0) return ok('none');
  return warn(
    `${counted(count, 'request')} signed or sent, the oldest ${span(oldestMs)} ago`,
    'An API process that starts takes them up and finds out what became of them: npm start.',
  );
}
