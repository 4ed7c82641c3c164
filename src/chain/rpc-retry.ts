import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { Clock } from '../lib/clock.js';
import { RpcError } from './rpc-error.js';
import { outcomeOf, type RpcRequest, type RpcTransport } from './rpc-transport.js';

export interface RetryPolicy {
  /** All attempts, the first included. */
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
  /** A longer Retry-After is not sat out here: the error goes to the caller, who has better things to do. */
  readonly longestWaitMs: number;
}

// Rides out a restarting node or a short rate limit (about 8 s in all) and leaves longer outages to the callers' loops.
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 6,
  backoff: { firstMs: 250, maxMs: 4_000, jitter: 0.5 },
  longestWaitMs: 15_000,
};

/** How long to wait before asking again, or undefined when the error is for the caller. `failures` counts this one. */
export function retryDelayMs(
  policy: RetryPolicy,
  failures: number,
  error: RpcError,
  random: () => number,
): number | undefined {
  if (!error.retryable || failures >= policy.attempts) return undefined;
  const wait = Math.max(backoffMs(policy.backoff, failures - 1, random), error.details.retryAfterMs ?? 0);
  return wait > policy.longestWaitMs ? undefined : wait;
}

/**
 * The same transport, with reads asked again where that can help. What may be sent only once passes through. Of several
 * questions, those that could not be answered together are asked each by itself.
 */
export function withRetries(
  inner: RpcTransport,
  clock: Clock,
  random: () => number,
  policy: RetryPolicy = DEFAULT_RETRY,
): RpcTransport {
  const call = async <T>(request: RpcRequest<T>): Promise<T> => {
    for (let failures = 1; ; failures++) {
      try {
        return await inner.call(request);
      } catch (error) {
        if (!(error instanceof RpcError) || request.once) throw error;
        const wait = retryDelayMs(policy, failures, error, random);
        if (wait === undefined) throw error;
        await clock.sleep(wait);
      }
    }
  };
  return {
    call,
    callMany: async <T>(requests: readonly RpcRequest<T>[]) => {
      const together = (await inner.callMany?.(requests)) ?? [];
      return Promise.all(
        requests.map(async (request, position) => together[position] ?? (await outcomeOf(call(request)))),
      );
    },
  };
}
