/** One JSON-RPC question, with the reader of its answer, so that an unreadable answer counts against who gave it. */
export interface RpcRequest<T> {
  readonly method: string;
  readonly params: readonly unknown[];
  /** Throws on any shape it does not know. */
  readonly read: (result: unknown) => T;
  /** Sent at most once to one endpoint: set for what is not a read. */
  readonly once?: boolean;
  /** True when a well-formed answer is worth a second opinion (a null that may only be this node's). */
  readonly inconclusive?: (answer: T) => boolean;
}

/** Something that gets questions answered: an endpoint, a pool of them, or either with retries around it. */
export interface RpcTransport {
  /** Throws `RpcError` and nothing else. */
  call<T>(request: RpcRequest<T>): Promise<T>;
}
