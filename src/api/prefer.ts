import type { Request, Response } from 'express';

/** How long a write may wait before it answers, in milliseconds. */
export interface WriteTiming {
  /** For the chain. */
  readonly chainMs: number;
  /** Then, for its documents. */
  readonly documentsMs: number;
}

/** `wait`, with the longest wait in seconds where one is given, or `respond-async`. */
const WAIT = /(?:^|,)\s*wait(?:\s*=\s*"?(\d{1,6})"?)?\s*(?=[,;]|$)/i;
const RESPOND_ASYNC = /(?:^|,)\s*respond-async\s*(?=[,;]|$)/i;

/**
 * What the client's `Prefer` (RFC 7240) makes of the wait: `respond-async` answers at once with where to ask, `wait=N` waits
 * for N seconds at most, never longer than the server does by itself. What is applied is said in the answer.
 */
export function preferredTiming(request: Request, response: Response, timing: WriteTiming): WriteTiming {
  const prefer = request.get('prefer') ?? '';
  const seconds = WAIT.exec(prefer)?.[1];
  if (seconds !== undefined) {
    const waitMs = Number(seconds) * 1_000;
    response.setHeader('Preference-Applied', `wait=${seconds}`);
    return { chainMs: Math.min(timing.chainMs, waitMs), documentsMs: Math.min(timing.documentsMs, waitMs) };
  }
  if (!RESPOND_ASYNC.test(prefer)) return timing;
  response.setHeader('Preference-Applied', 'respond-async');
  return { chainMs: 0, documentsMs: 0 };
}
