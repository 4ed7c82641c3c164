import PQueue from 'p-queue';
import { Agent, request as httpRequest } from 'undici';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import { asRecord, quoteLamports } from './answer-shape.js';
import {
  errorOfJsonRpc,
  type JsonRpcFailure,
  reasonOfJsonRpcError,
  reasonOfStatus,
  reasonOfThrown,
  retryAfterMs,
} from './classify-failure.js';
import { endpointName, redactor } from './endpoint-name.js';
import { RpcError, type RpcReason } from './rpc-error.js';
import type { BatchOutcome, PooledEndpoint } from './pooled-endpoint.js';
import { type BatchElement, outcomeOf, type RpcRequest } from './rpc-transport.js';

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
 * Retries and failover are wrapped around it (rpc-retry.ts, rpc-pool.ts).
 */
export class RpcEndpoint implements PooledEndpoint {
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
    return this.#turns.add(() => this.#watched([request.method], () => this.#attempt(request)), {
      priority: request.background ? 0 : 1,
    });
  }

  /** One JSON-RPC batch: elements fail for themselves, a refusal of batches as such is an outcome (TRAPS 29). */
  async batch<T>(requests: readonly RpcRequest<T>[]): Promise<BatchOutcome<T>> {
    const methods = requests.map(({ method }) => method);
    return this.#turns.add(() => this.#watched(methods, () => this.#attemptBatch(requests)), {
      priority: requests.some(({ background }) => !background) ? 1 : 0,
    });
  }

  /** Closes its connections; calls in flight fail as unreachable. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #watched<T>(methods: readonly string[], attempt: () => Promise<T>): Promise<T> {
    const { clock } = this.options;
    const [method = 'batch'] = methods;
    this.#refuseWhileQuiet(method);
    const startedAt = clock.monotonic();
    let outcome: RpcCall['outcome'] = 'ok';
    try {
      return await attempt();
    } catch (thrown) {
      const error = this.#asRpcError(method, thrown);
      outcome = error.reason;
      if (error.details.retryAfterMs !== undefined) {
        this.#quietUntil = Math.max(this.#quietUntil, clock.monotonic() + error.details.retryAfterMs);
      }
      throw error;
    } finally {
      const ms = clock.monotonic() - startedAt;
      for (const one of methods) this.#report({ endpoint: this.name, method: one, ms, outcome });
    }
  }

  async #attempt<T>({ method, params, read }: RpcRequest<T>): Promise<T> {
    const id = ++this.#lastId;
    const reply = await this.#post({ jsonrpc: '2.0', id, method, params });
    const envelope = readEnvelope(reply.json);
    // A rate limit is told by the status: providers reuse validator codes in its body (QuickNode: -32007).
    const failed = reasonOfStatus(reply.status);
    if (failed !== undefined && (failed === 'rate-limited' || envelope?.error === undefined)) {
      throw this.#statusError(method, failed, reply);
    }
    return read(this.#resultOf(method, id, envelope, reply.retryAfterMs));
  }

  async #attemptBatch<T>(requests: readonly RpcRequest<T>[]): Promise<BatchOutcome<T>> {
    const questions = requests.map(({ method, params }) => ({ jsonrpc: '2.0', id: ++this.#lastId, method, params }));
    const reply = await this.#post(questions);
    const { status, json, retryAfterMs } = reply;
    const failed = reasonOfStatus(status);
    // These speak of the endpoint now, not of batches.
    if (failed === 'rate-limited' || [408, 502, 503, 504].includes(status)) {
      throw this.#statusError('batch', failed ?? 'server-error', reply);
    }
    if (!Array.isArray(json)) {
      const error = readEnvelope(json)?.error;
      const failure = error === undefined ? undefined : readFailure(error, this.#redact);
      if (failure && reasonOfJsonRpcError(failure) === 'rate-limited') {
        throw errorOfJsonRpc(`${this.name} batch`, failure, retryAfterMs);
      }
      return { kind: 'refused', detail: failure?.message ?? `HTTP ${status}, and no list` };
    }
    if (failed !== undefined || json.length !== questions.length) {
      return { kind: 'refused', detail: `HTTP ${status}, ${json.length} answers to ${questions.length} questions` };
    }
    // Answers may come in any order (JSON-RPC 2.0 §6).
    const byId = new Map(json.map((one: unknown) => [readEnvelope(one)?.id, one]));
    const elements = await Promise.all(
      requests.map(({ method, read }, position) => {
        const id = questions[position]?.id ?? 0;
        const answer = async () => read(this.#resultOf(method, id, readEnvelope(byId.get(id)), undefined));
        return outcomeOf(answer().catch((thrown: unknown) => Promise.reject(this.#asRpcError(method, thrown))));
      }),
    );
    const [first] = elements;
    const isLimited = (one: BatchElement<T>) => one.kind === 'failed' && one.error.reason === 'rate-limited';
    if (first?.kind === 'failed' && elements.every(isLimited)) throw first.error;
    return { kind: 'answered', elements };
  }

  /** `json` is undefined where the body is not JSON. */
  async #post(body: unknown): Promise<Reply> {
    const reply = await httpRequest(new URL(this.#url.pathname + this.#url.search, this.#url.origin), {
      dispatcher: this.#agent,
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(this.#timeoutMs),
    });
    const text = await reply.body.text();
    const asked = reply.headers['retry-after'];
    const wait = retryAfterMs(Array.isArray(asked) ? asked[0] : asked, this.options.clock.now());
    return { status: reply.statusCode, json: parseJson(text), retryAfterMs: wait };
  }

  #resultOf(method: string, id: number, envelope: Envelope | undefined, waitMs: number | undefined): unknown {
    if (envelope === undefined)
      throw new RpcError('malformed-answer', `${this.name} ${method}: the answer is not JSON-RPC`);
    if (envelope.error !== undefined) {
      throw errorOfJsonRpc(`${this.name} ${method}`, readFailure(envelope.error, this.#redact), waitMs);
    }
    if (envelope.id !== id)
      throw new RpcError('malformed-answer', `${this.name} ${method}: answer to another question`);
    return envelope.result;
  }

  #statusError(method: string, reason: RpcReason, { status, retryAfterMs }: Reply): RpcError {
    return new RpcError(reason, `${this.name} ${method}: HTTP ${status}`, {
      code: status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
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

interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly retryAfterMs: number | undefined;
}

interface Envelope {
  readonly id: unknown;
  readonly result: unknown;
  readonly error: unknown;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(quoteLamports(text)) as unknown;
  } catch {
    return undefined;
  }
}

function readEnvelope(json: unknown): Envelope | undefined {
  try {
    const { id, result, error } = asRecord(json);
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
