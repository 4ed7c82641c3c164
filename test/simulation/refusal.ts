import { RpcError } from '../../src/chain/rpc-error.js';

/** Why an endpoint does not so much as look at a request. Everything off: it does. */
export interface RefusingSwitches {
  readonly isDown: boolean;
  readonly isSilent: boolean;
  /** Milliseconds named in Retry-After; null = no limit. */
  readonly retryAfterMs: number | null;
}

/** What a caller hears of it, and when: at once, after its own time-out, or after the way back. */
export interface Refusal {
  readonly fault: 'endpoint down' | 'endpoint silent' | 'endpoint limits the rate';
  readonly error: RpcError;
  readonly comes: 'at-once' | 'after-time-out' | 'after-way-back';
}

/** Null: the request is answered. */
export function refusalOf({ isDown, isSilent, retryAfterMs }: RefusingSwitches): Refusal | null {
  if (isDown) {
    const error = new RpcError('unreachable', 'connection refused');
    return { fault: 'endpoint down', error, comes: 'at-once' };
  }
  if (isSilent) {
    return { fault: 'endpoint silent', error: new RpcError('timeout', 'no answer'), comes: 'after-time-out' };
  }
  if (retryAfterMs === null) return null;
  const error = new RpcError('rate-limited', 'too many requests', { code: 429, retryAfterMs });
  return { fault: 'endpoint limits the rate', error, comes: 'after-way-back' };
}
