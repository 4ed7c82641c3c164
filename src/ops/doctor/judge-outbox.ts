import { fail, ok, warn, type Judgement } from './finding.js';
import { counted, span } from './words.js';

const GUIDE = 'docs/operations.md, E-mail and the outbox';

/** Letters that somebody may get and has not got. */
export interface OwedReading {
  readonly isSmtpUrlSet: boolean;
  readonly count: number;
  /** Due for longer than the sender takes. */
  readonly late: number;
  /** Since the first of them was due, in milliseconds. */
  readonly oldestMs: number;
  /** Tried, and to be tried again. */
  readonly troubled: number;
  /** What was said of one of those. */
  readonly error: string | null;
}

/** Whether letters leave. */
export function judgeOwed({ isSmtpUrlSet, count, late, oldestMs, troubled, error }: OwedReading): Judgement {
  if (count === 0) return ok(isSmtpUrlSet ? 'none' : 'none; SMTP_URL is not set, so those to come would wait');
  const letters = `${counted(count, 'letter')} owed`;
  if (!isSmtpUrlSet) {
    return warn(
      `${letters}, the oldest for ${span(oldestMs)}, and SMTP_URL is not set`,
      `Set SMTP_URL and restart the event worker: what is owed leaves then (${GUIDE}).`,
    );
  }
  if (late > 0) {
    return warn(
      `${letters}, the oldest due for ${span(oldestMs)}`,
      'An event worker sends them one after another: see the lines of the worker here, that it has SMTP_URL too, and what its log says of the mail server.',
    );
  }
  if (troubled > 0) {
    return warn(
      `${letters}, ${troubled} of them tried again later: ${error ?? 'unknown'}`,
      `Mend what the mail server says; they leave by themselves then, or at once by npm run outbox -- retry <id> (${GUIDE}).`,
    );
  }
  return ok(`${letters}, none late`);
}

/** What does not leave until somebody decides. */
export interface FailedReading {
  /** Final events whose handler threw, and what was said of the newest. */
  readonly events: number;
  readonly eventError: string | null;
  readonly letters: number;
  readonly letterError: string | null;
}

/** Whether something waits for a decision. A handler that throws is ours to mend; a refused letter mostly is not. */
export function judgeFailed({ events, eventError, letters, letterError }: FailedReading): Judgement {
  const list = `npm run outbox -- list --state failed, then retry or drop <id> (${GUIDE}).`;
  const ofLetters = `${counted(letters, 'letter')}, the newest: ${letterError ?? 'unknown'}`;
  if (events > 0) {
    const ofEvents = `${counted(events, 'event')} whose onFinalized failed, the newest: ${eventError ?? 'unknown'}`;
    return fail(letters > 0 ? `${ofEvents}; ${ofLetters}` : ofEvents, list);
  }
  return letters === 0 ? ok('none') : warn(ofLetters, list);
}
