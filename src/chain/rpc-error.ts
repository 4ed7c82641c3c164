/**
 * Everything that can go wrong between us and a node, closed: assigned once where the error enters (classify-failure.ts),
 * so that nobody behind it reads messages.
 */
export const RPC_FAILURES = {
  /** No connection, reset, DNS. */
  unreachable: { retryable: true, elsewhere: true, coolsDown: true },
  timeout: { retryable: true, elsewhere: true, coolsDown: true },
  /** `retryAfterMs` where the server named a time. */
  'rate-limited': { retryable: true, elsewhere: true, coolsDown: true },
  'server-error': { retryable: true, elsewhere: true, coolsDown: true },
  /** The node is behind (-32005) or has not reached minContextSlot (-32016). */
  'not-ready': { retryable: true, elsewhere: true, coolsDown: false },
  /** Not JSON-RPC, or not the shape the method promises. Never truth. */
  'malformed-answer': { retryable: true, elsewhere: true, coolsDown: true },
  /** This endpoint does not serve us (401, 403, …); waiting does not help, another endpoint may. */
  refused: { retryable: false, elsewhere: true, coolsDown: true },
  'method-unsupported': { retryable: false, elsewhere: true, coolsDown: false },
  /** This node does not have that slot or history: unknown, never absent. */
  'not-here': { retryable: false, elsewhere: true, coolsDown: false },
  'bad-request': { retryable: false, elsewhere: false, coolsDown: false },
  'transaction-rejected': { retryable: false, elsewhere: false, coolsDown: false },
  /** The same bytes landed before: look them up. */
  'already-processed': { retryable: false, elsewhere: false, coolsDown: false },
  /** Expired, unknown to this node yet, or a durable nonce that moved: the sender decides which (TRAPS 19, 20). */
  'blockhash-not-found': { retryable: false, elsewhere: false, coolsDown: false },
} as const satisfies Record<string, RpcFailurePolicy>;

interface RpcFailurePolicy {
  /** Asking the same endpoint again later can help. For reads; sending is never retried at this level. */
  readonly retryable: boolean;
  /** Asking another endpoint can help. */
  readonly elsewhere: boolean;
  /** It speaks against the endpoint, not the question: the pool prefers others for a while. */
  readonly coolsDown: boolean;
}

export type RpcReason = keyof typeof RPC_FAILURES;

export interface RpcErrorDetails {
  /** The JSON-RPC error code or HTTP status, where there was one. */
  readonly code?: number;
  /** How long the server asked us to stay away. */
  readonly retryAfterMs?: number;
  /** Program logs of a failed preflight. */
  readonly logs?: readonly string[];
  /** The node's transaction error as JSON, e.g. `{"InstructionError":[0,{"Custom":1}]}`. */
  readonly transactionError?: unknown;
}

/** The one error `ChainPort` throws. Its message never contains the endpoint's path or query, where API keys live. */
export class RpcError extends Error {
  override readonly name = 'RpcError';

  constructor(
    readonly reason: RpcReason,
    message: string,
    readonly details: RpcErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  get retryable(): boolean {
    return RPC_FAILURES[this.reason].retryable;
  }
}
