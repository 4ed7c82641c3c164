import { performance } from 'node:perf_hooks';
import { Agent, request } from 'undici';
import { messageOf } from '../../lib/errors.js';
import { forbiddenUrl } from './webhook-url.js';
import { guardedLookup, type ResolveName } from './guarded-lookup.js';
import { parseRetryAfter } from './retry-after.js';
import { webhookHeaders } from './sign-webhook.js';
import type { WebhookOutcome } from './webhook-outcome.js';

/** Of an answer, kept for who looks at a delivery. */
const RESPONSE_BYTES = 4 * 1_024;
/**
 * A connection at rest for longer is not used again: a server that closes it at that moment (Node and Apache do after 5 s)
 * would cost a try, and what was refused before minutes.
 */
const KEEP_ALIVE_MS = 2_000;
const CONNECT_TIMEOUT_MS = 30_000;

/** A request of ours to an endpoint. */
export interface WebhookRequest {
  readonly url: string;
  /** `whsec_…`, at least one. */
  readonly secrets: readonly string[];
  /** `webhook-id`. */
  readonly messageId: string;
  readonly body: string;
  /** For all of it: name, connection, request and answer. */
  readonly timeoutMs: number;
}

/** What a sender is made with. */
export interface WebhookSenderOptions {
  /** Of mooring, for `user-agent`. */
  readonly version: string;
  /** Loopback and private addresses, and http, are allowed: for development. */
  readonly allowPrivate: boolean;
  readonly now: () => number;
  /** Unset: the system's. */
  readonly resolve?: ResolveName;
}

/** Sends webhooks over connections that it keeps for a while. */
export class WebhookSender {
  readonly #agent: Agent;

  constructor(private readonly options: WebhookSenderOptions) {
    const { allowPrivate, resolve } = options;
    this.#agent = new Agent({
      // No limit of connections: it would be one of an origin, where whoever hangs would hold up everybody else who is behind it.
      // How many requests there are at once is for desks to say.
      ...{ keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS },
      // How long all of a request may take is the caller's to say; what nobody waits for any more ends all the same.
      ...{ connectTimeout: CONNECT_TIMEOUT_MS, headersTimeout: 0, bodyTimeout: 0 },
      ...(allowPrivate ? {} : { connect: { lookup: guardedLookup(resolve) } }),
    });
  }

  /** One request. Never rejects; ends soon after `stop` is aborted. */
  async send({ url, secrets, messageId, body, timeoutMs }: WebhookRequest, stop: AbortSignal): Promise<WebhookOutcome> {
    // A socket asks nobody about a literal address.
    const forbidden = forbiddenUrl(url, this.options.allowPrivate);
    if (forbidden !== null) return { kind: 'forbidden', error: forbidden };
    const began = performance.now();
    // Not by AbortSignal.any, which leaves something behind on `stop` each time (lib/nap.ts).
    const ending = new AbortController();
    const end = () => ending.abort();
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    let isTooLate = false;
    const patience = setTimeout(() => {
      isTooLate = true;
      end();
    }, timeoutMs);
    const durationMs = () => Math.round(performance.now() - began);
    try {
      const answer = await request(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': `mooring/${this.options.version}`,
          ...webhookHeaders({ id: messageId, at: new Date(this.options.now()), body }, secrets),
        },
        ...{ body, signal: ending.signal, dispatcher: this.#agent },
      });
      const text = await firstBytes(answer.body);
      const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], this.options.now());
      return { kind: 'answered', status: answer.statusCode, body: text, durationMs: durationMs(), retryAfterMs };
    } catch (error) {
      if (stop.aborted) return { kind: 'stopped' };
      if (isTooLate) {
        return { kind: 'no-answer', error: `no whole answer within ${timeoutMs} ms`, durationMs: durationMs() };
      }
      if (isForbidden(error)) return { kind: 'forbidden', error: messageOf(error) };
      return { kind: 'no-answer', error: wordsOf(error), durationMs: durationMs() };
    } finally {
      clearTimeout(patience);
      stop.removeEventListener('abort', end);
    }
  }

  /** Ends its connections. Requests under way fail. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

/** Where each address of a name fails, Node throws one error without a word around theirs. */
export function wordsOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return messageOf(error);
}

function isForbidden(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'FORBIDDEN_ADDRESS';
}

/** The rest is not waited for: an answer may be endless. */
async function firstBytes(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= RESPONSE_BYTES) break;
  }
  // A character that was cut in two is left out.
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, RESPONSE_BYTES), { stream: true });
}
