import { RpcError, type RpcReason } from './rpc-error.js';

/**
 * JSON-RPC codes of agave (rpc-client-api/src/custom_error.rs, 4.1) and of the JSON-RPC standard. Codes left out are
 * server errors.
 */
const REASON_BY_CODE: Readonly<Record<number, RpcReason>> = {
  [-32001]: 'not-here', // block cleaned up
  [-32002]: 'transaction-rejected', // preflight failure
  [-32003]: 'transaction-rejected', // signature verification failure
  [-32004]: 'not-here', // block not available
  [-32005]: 'not-ready', // node unhealthy or behind
  [-32006]: 'transaction-rejected', // precompile verification failure
  [-32007]: 'not-here', // slot skipped, or missing here
  [-32009]: 'not-here', // slot skipped, or missing in long-term storage
  [-32010]: 'method-unsupported', // key excluded from secondary index
  [-32011]: 'not-here', // transaction history not available from this node
  [-32013]: 'bad-request', // signature length mismatch
  [-32014]: 'not-here', // block status not yet available
  [-32015]: 'bad-request', // transaction version above maxSupportedTransactionVersion
  [-32016]: 'not-ready', // minimum context slot not reached
  [-32019]: 'not-here', // long-term storage unreachable
  [-32020]: 'not-here', // the signature in `before` or `until` is unknown here (seen from 4.1.2)
  [-32429]: 'rate-limited', // Helius, Triton
  [-32600]: 'bad-request',
  [-32601]: 'method-unsupported',
  [-32602]: 'bad-request',
  [-32700]: 'bad-request',
  [429]: 'rate-limited',
};

// The validator says "This transaction has already been processed" (also as err "AlreadyProcessed"), Surfnet the same
// inside "Transaction verification failed for transaction Internal error: …" with -32002 and no data (TRAPS 29).
const ALREADY_PROCESSED = /already (?:been )?processed|AlreadyProcessed/i;
const BLOCKHASH_NOT_FOUND = /Blockhash ?not ?found/i;
// Providers put their limits under codes of their own, some of which mean something else to a validator.
const RATE_LIMIT = /too many requests|rate.?limit|request limit|limit (?:reached|exceeded)|max usage reached/i;
// Surfnet's words for a slot older than itself, under the code for bad parameters.
const BEFORE_FIRST_SLOT = /before the first local slot/;

export interface JsonRpcFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** The reason behind a JSON-RPC error object. */
export function reasonOfJsonRpcError({ code, message, data }: JsonRpcFailure): RpcReason {
  if (code === -32602 && BEFORE_FIRST_SLOT.test(message)) return 'not-here';
  const reason = REASON_BY_CODE[code] ?? 'server-error';
  if (reason === 'transaction-rejected' || reason === 'server-error') {
    const err = fieldOf(data, 'err');
    // The structured error wins: a program may log any of these words.
    if (err !== undefined && err !== null) {
      if (err === 'AlreadyProcessed') return 'already-processed';
      return err === 'BlockhashNotFound' ? 'blockhash-not-found' : 'transaction-rejected';
    }
    if (ALREADY_PROCESSED.test(message)) return 'already-processed';
    if (BLOCKHASH_NOT_FOUND.test(message)) return 'blockhash-not-found';
  }
  // A preflight's message quotes the program's logs: only the other codes are the provider's own words.
  const isProviders = code !== -32002 && reason !== 'bad-request';
  return isProviders && RATE_LIMIT.test(message) ? 'rate-limited' : reason;
}

/** The error behind a JSON-RPC error object, with what a failed preflight says. */
export function errorOfJsonRpc(prefix: string, failure: JsonRpcFailure, retryAfterMs: number | undefined): RpcError {
  const logs = fieldOf(failure.data, 'logs');
  const err = fieldOf(failure.data, 'err');
  return new RpcError(reasonOfJsonRpcError(failure), `${prefix}: ${failure.message} (${failure.code})`, {
    code: failure.code,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(Array.isArray(logs) ? { logs: logs.filter((line): line is string => typeof line === 'string') } : {}),
    ...(err === undefined ? {} : { transactionError: err }),
  });
}

/** The reason behind an HTTP status without a JSON-RPC error in its body; undefined for success. */
export function reasonOfStatus(status: number): RpcReason | undefined {
  if (status >= 200 && status < 300) return undefined;
  if (status === 429) return 'rate-limited';
  if (status === 408 || status >= 500) return 'server-error';
  if (status === 400 || status === 413 || status === 415) return 'bad-request';
  return 'refused';
}

/** The reason behind what undici or the abort timer threw. */
export function reasonOfThrown(thrown: unknown): RpcReason {
  const name = fieldOf(thrown, 'name');
  const code = fieldOf(thrown, 'code');
  // Larger than the endpoint accepts: it will be as large the next time.
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') return 'bad-request';
  // Ours was closed: retrying would only delay a shutdown.
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') return 'refused';
  const timedOut =
    name === 'TimeoutError' ||
    code === 'UND_ERR_HEADERS_TIMEOUT' ||
    code === 'UND_ERR_BODY_TIMEOUT' ||
    code === 'ETIMEDOUT';
  return timedOut ? 'timeout' : 'unreachable';
}

/** Retry-After as seconds or HTTP date (RFC 9110 §10.2.3) → milliseconds from `nowMs`; undefined when unreadable. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+(\.\d+)?\s*$/.test(header)) return Math.ceil(Number(header) * 1_000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}

function fieldOf(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
}
