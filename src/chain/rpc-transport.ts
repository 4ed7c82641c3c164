import type { ReportedCommitment } from './chain-port.js';
import { RpcError } from './rpc-error.js';

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
  /** Where an answer tells as of which slot it speaks. */
  readonly view?: { readonly commitment: ReportedCommitment; readonly slotOf: (answer: T) => number };
  /** True when an answer says that something is not there: not to be taken from an endpoint that lags (I5). */
  readonly claimsAbsence?: (answer: T) => boolean;
  /** History, which may take its time: waits while live requests do, and gets a share of the rate. */
  readonly background?: boolean;
  /** Hears of every time it is put to an endpoint: what somebody pays for, retries and failovers included. */
  readonly meter?: RpcMeter;
}

/** Hears of a request by its method. */
export type RpcMeter = (method: string) => void;

/** What became of one of several questions asked together. */
export type BatchElement<T> =
  { readonly kind: 'answer'; readonly answer: T } | { readonly kind: 'failed'; readonly error: RpcError };

/** Something that gets questions answered: an endpoint, a pool of them, or either with retries around it. */
export interface RpcTransport {
  /** Throws `RpcError` and nothing else. */
  call<T>(request: RpcRequest<T>): Promise<T>;
  /**
   * Asks several questions in few requests, where it can. In the order asked; undefined = ask this one by itself. Never
   * throws.
   */
  callMany?<T>(requests: readonly RpcRequest<T>[]): Promise<readonly (BatchElement<T> | undefined)[]>;
}

/** What a question came to, with an RpcError as an outcome; other errors are bugs and stay thrown. */
export async function outcomeOf<T>(asking: Promise<T>): Promise<BatchElement<T>> {
  try {
    return { kind: 'answer', answer: await asking };
  } catch (error) {
    if (error instanceof RpcError) return { kind: 'failed', error };
    throw error;
  }
}
