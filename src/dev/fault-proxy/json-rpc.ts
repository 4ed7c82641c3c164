/** One JSON-RPC call as it arrives at the proxy. */
export interface RpcRequest {
  readonly jsonrpc: string;
  readonly id: number | string | null;
  readonly method: string;
  readonly params?: unknown[];
}

/** What the chain answered, or a test wants it to have answered; `jsonrpc` and `id` are filled in. */
export type RpcAnswer = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

/** An answer below JSON-RPC: `{ status: 429, headers: { 'retry-after': '1' } }`. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A message the chain sends over the socket on its own account. */
export interface RpcNotification {
  readonly jsonrpc: string;
  readonly method: string;
  readonly params: { readonly subscription: number; readonly result: unknown };
}

/**
 * Makes the answer to one call. `forward` asks the chain (with this request or an altered one), as often as liked or
 * not at all.
 */
export type RpcHandler = (
  request: RpcRequest,
  forward: (altered?: RpcRequest) => Promise<RpcAnswer>,
) => RpcAnswer | HttpAnswer | Promise<RpcAnswer | HttpAnswer>;

/** Decides about one notification: what it gives to `send`, now or later, once or often, is what the client sees. */
export type NotificationHandler = (
  notification: RpcNotification,
  send: (notification: RpcNotification) => void,
) => void;

export function isNotification(message: unknown): message is RpcNotification {
  return typeof message === 'object' && message !== null && 'method' in message && !('id' in message);
}
