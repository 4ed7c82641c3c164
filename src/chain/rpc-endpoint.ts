import PQueue from 'p-queue';
import { Agent, request as httpRequest } from 'undici';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import { asRecord, quoteLamports } from './answer-shape.js';
import {
  errorOfJsonRpc,
  type JsonRpcFailure,
  reasonOfStatus,
  reasonOfThrown,
  retryAfterMs,
} from './classify-failure.js';
import { endpointName, redactor } from './endpoint-name.js';
import { RpcError, type RpcReason } from './rpc-error.js';
import type { RpcRequest, RpcTransport } from './rpc-transport.js';

/** One finished attempt, for metrics. */
export interface RpcCall {
  /** The endpoint's host. */
  readonly endpoint: string;
  readonly method: string;
  /** Without the time it waited for its turn. */
  readonly ms: number;
  readonly outcome: 'ok' | RpcReason;
}

export interface RpcEndpointOptions {
  /** http(s); a user part becomes basic authentication. */
  readonly url: string;
  readonly clock: Clock;
  /** For one attempt, from sending to the last byte. */
  readonly timeoutMs?: number;
  /** Requests in flight; more wait their turn. */
  readonly maxConcurrent?: number;
  /** Must not throw; what it throws is ignored. */
  readonly onCall?: (call: RpcCall) => void;
}

// getProgramAccounts and long getBlock answers take seconds on public endpoints.
const DEFAULT_TIMEOUT_MS = 20_000;
// Public endpoints allow 40 connections and 40 requests of one method per 10 s; sockets beyond this only queue there.
const DEFAULT_MAX_CONCURRENT = 16;
// A program with 100,000 accounts of 1 KB answers with ~200 MB; beyond that the process itself is in danger.
const LARGEST_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * One HTTP JSON-RPC endpoint: one attempt per call, classified failures, and silence for as long as its Retry-After asks.
 * Retries and failover are wrapped around it (rpc-retry.ts, rpc-pool.ts). JSON-RPC batches are not used: Surfnet and
 * some providers refuse them (TRAPS 29).
 */
export class RpcEndpoint implements RpcTransport {
  /** Host and port only. */
  readonly name: string;
  readonly #url: URL;
  readonly #redact: (text: string) => string;
  readonly #agent: Agent;
  readonly #turns: PQueue;
  readonly #timeoutMs: number;
  readonly #headers: Record<string, string>;
  #lastId = 0;
  #quietUntil = 0;

  constructor(private readonly options: RpcEndpointOptions) {
    this.name = endpointName(options.url);
    if (!URL.canParse(options.url)) throw new RpcError('bad-request', 'an RPC endpoint needs an http(s) URL');
    this.#url = new URL(options.url);
    this.#redact = redactor(options.url);
    const { username, password } = this.#url;
    const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
      'base64',
    );
    this.#headers = {
      'content-type': 'application/json',
      ...(username === '' ? {} : { authorization: `Basic ${credentials}` }),
    };
    const maxConcurrent = options.maxConcurrent ?? DEFAULT_MAX_CONCURRENT;
    this.#agent = new Agent({ connections: maxConcurrent, maxResponseSize: LARGEST_ANSWER_BYTES });
    this.#turns = new PQueue({ concurrency: maxConcurrent });
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  }

  async call<T>(request: RpcRequest<T>): Promise<T> {
    return this.#turns.add(async () => {
      const { clock } = this.options;
      this.#refuseWhileQuiet(request.method);
      const startedAt = clock.monotonic();
      let outcome: RpcCall['outcome'] = 'ok';
      try {
        return await this.#attempt(request);
      } catch (thrown) {
        const error = this.#asRpcError(request.method, thrown);
        outcome = error.reason;
        if (error.details.retryAfterMs !== undefined) {
          this.#quietUntil = Math.max(this.#quietUntil, clock.monotonic() + error.details.retryAfterMs);
        }
        throw error;
      } finally {
        this.#report({ endpoint: this.name, method: request.method, ms: clock.monotonic() - startedAt, outcome });
      }
    });
  }

  /** Closes its connections; calls in flight fail as unreachable. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #attempt<T>({ method, params, read }: RpcRequest<T>): Promise<T> {
    const id = ++this.#lastId;
    const { statusCode, headers, body } = await httpRequest(
      new URL(this.#url.pathname + this.#url.search, this.#url.origin),
      {
        dispatcher: this.#agent,
        method: 'POST',
        headers: this.#headers,
        body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
        signal: AbortSignal.timeout(this.#timeoutMs),
      },
    );
    const text = await body.text();
    const asked = headers['retry-after'];
    const wait = retryAfterMs(Array.isArray(asked) ? asked[0] : asked, this.options.clock.now());
    const answer = parseEnvelope(text);
    const failed = reasonOfStatus(statusCode);
    // A rate limit is told by the status: providers reuse validator codes in its body (QuickNode: -32007).
    if (failed !== undefined && (failed === 'rate-limited' || answer?.error === undefined)) {
      throw new RpcError(failed, `${this.name} ${method}: HTTP ${statusCode}`, {
        code: statusCode,
        ...(wait === undefined ? {} : { retryAfterMs: wait }),
      });
    }
    if (answer === undefined)
      throw new RpcError('malformed-answer', `${this.name} ${method}: the answer is not JSON-RPC`);
    if (answer.error !== undefined) {
      const failure = readFailure(answer.error, this.#redact);
      throw errorOfJsonRpc(`${this.name} ${method}`, failure, wait);
    }
    if (answer.id !== id) throw new RpcError('malformed-answer', `${this.name} ${method}: answer to another question`);
    return read(answer.result);
  }

  #refuseWhileQuiet(method: string): void {
    const leftMs = Math.ceil(this.#quietUntil - this.options.clock.monotonic());
    if (leftMs <= 0) return;
    throw new RpcError('rate-limited', `${this.name} ${method}: asked to wait ${leftMs} ms more`, {
      retryAfterMs: leftMs,
    });
  }

  #asRpcError(method: string, thrown: unknown): RpcError {
    if (thrown instanceof RpcError) return thrown;
    const text = this.#redact(messageOf(thrown));
    const reason = isTransportFailure(thrown) ? reasonOfThrown(thrown) : 'malformed-answer';
    return new RpcError(reason, `${this.name} ${method}: ${text}`);
  }

  #report(call: RpcCall): void {
    try {
      this.options.onCall?.(call);
    } catch {
      // A metrics hook has no say in whether an answer counts.
    }
  }
}

interface Envelope {
  readonly id: unknown;
  readonly result: unknown;
  readonly error: unknown;
}

function parseEnvelope(text: string): Envelope | undefined {
  try {
    const { id, result, error } = asRecord(JSON.parse(quoteLamports(text)));
    if (result === undefined && (error === undefined || error === null)) return undefined;
    return { id, result, error: error ?? undefined };
  } catch {
    return undefined;
  }
}

function readFailure(error: unknown, redact: (text: string) => string): JsonRpcFailure {
  const { code, message, data } = asRecord(error);
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? redact(message) : 'an error without a message',
    data,
  };
}

/** Node's and undici's failures carry a code or are aborts; what a reader throws does not. */
function isTransportFailure(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return 'code' in thrown || thrown.name === 'TimeoutError' || thrown.name === 'AbortError';
}
