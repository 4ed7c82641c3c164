import type { BatchElement, RpcRequest, RpcTransport } from './rpc-transport.js';

/** What became of a JSON-RPC batch. `refused`: this endpoint takes none, so its questions are to be asked one by one. */
export type BatchOutcome<T> =
  | { readonly kind: 'answered'; readonly elements: readonly BatchElement<T>[] }
  | { readonly kind: 'refused'; readonly detail: string };

/** One endpoint as the pool takes it: rpc-endpoint.ts, or a simulated one. One attempt per call. */
export interface PooledEndpoint extends Pick<RpcTransport, 'call'> {
  readonly name: string;
  /** All in one request; left out by what cannot. Throws `RpcError` when the whole request failed. */
  batch?<T>(requests: readonly RpcRequest<T>[]): Promise<BatchOutcome<T>>;
  close(): Promise<void>;
}
