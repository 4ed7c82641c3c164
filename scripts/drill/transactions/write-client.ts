import { systemClock } from '../../../src/lib/clock.js';

/** The last word about a write. */
export type FinalAnswer =
  | { readonly kind: 'landed'; readonly signature: string }
  /** By the code of the problem, or the name of the program's error. */
  | { readonly kind: 'refused'; readonly reason: string };

/** A client's way to the API. */
export interface WriteClientOptions {
  readonly token: string;
  /** What was tried and gave no final answer, by what it was: a status, or the cause of a failed connection. */
  readonly onRepeat: (why: string) => void;
  /** How long a write may go without a final answer, in milliseconds; a busy machine makes the whole slow, not one of them. */
  readonly patienceMs: number;
}

/** One request: where to, and what. `url` is asked anew for each try. */
export interface WriteCall {
  readonly url: () => string;
  readonly path: string;
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Longer than a write waits for chain and documents (30 s). */
const TIMEOUT_MS = 40_000;
const PAUSE_MS = 150;
/** Nothing is known to have happened or to be impossible: the same request is sent again. */
const NOT_FINAL = new Set([
  ...['chain-unreachable', 'chain-error', 'database-unreachable', 'overloaded', 'stopped', 'internal', 'rate-limited'],
]);

interface AnswerBody {
  readonly state?: string;
  readonly signature?: string | null;
  readonly code?: string;
  readonly programError?: { readonly name?: string };
}

/** Sends a write with its key again and again until the answer is final. Throws when patience ends first. */
export async function writeUntilAnswered(call: WriteCall, options: WriteClientOptions): Promise<FinalAnswer> {
  const deadlineMs = systemClock.monotonic() + options.patienceMs;
  for (;;) {
    const outcome = await tryOnce(call, options.token);
    if (typeof outcome !== 'string') return outcome;
    options.onRepeat(outcome);
    if (systemClock.monotonic() > deadlineMs) {
      throw new Error(`${call.key} has no final answer; the last one was: ${outcome}`);
    }
    await systemClock.sleep(PAUSE_MS);
  }
}

/** The final answer, or why there is none. */
async function tryOnce({ url, path, key, body }: WriteCall, token: string): Promise<FinalAnswer | string> {
  const giveUp = new AbortController();
  const impatience = setTimeout(() => giveUp.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(`${url()}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify(body),
      signal: giveUp.signal,
    });
    const said = (await answer.json()) as AnswerBody;
    if (answer.status === 200 || answer.status === 201) return { kind: 'landed', signature: said.signature ?? '' };
    if (answer.status === 202) return `202 ${said.state ?? ''}`;
    if (said.code === undefined || NOT_FINAL.has(said.code)) return `${answer.status} ${said.code ?? ''}`;
    return { kind: 'refused', reason: said.programError?.name ?? said.code };
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } };
    return cause?.code ?? (error as Error).name;
  } finally {
    clearTimeout(impatience);
  }
}
