import type { RpcMeter } from '../chain/rpc-transport.js';
import type { RunCost } from './reconcile-run.js';

/**
 * Credits of a request by its method; what is not named costs one. Providers differ: these are what several of them charge
 * in 2026, and RPC_CREDITS says otherwise.
 */
export const DEFAULT_CREDITS: Readonly<Record<string, number>> = { getProgramAccounts: 10 };

/** Counts the requests somebody causes, and what they cost. */
export class RpcBill {
  readonly #requests = new Map<string, number>();

  constructor(private readonly credits: Readonly<Record<string, number>> = DEFAULT_CREDITS) {}

  readonly meter: RpcMeter = (method) => {
    this.#requests.set(method, (this.#requests.get(method) ?? 0) + 1);
  };

  /** So far. */
  get cost(): RunCost {
    let [requests, credits] = [0, 0];
    for (const [method, count] of this.#requests) {
      requests += count;
      credits += count * (this.credits[method] ?? 1);
    }
    return { requests, credits, byMethod: Object.fromEntries([...this.#requests].sort()) };
  }
}
