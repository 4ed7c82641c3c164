import { describe, expect, it } from 'vitest';
import { RPC_FAILURES, RpcError, type RpcReason } from '../../../src/chain/rpc-error.js';

/** Written out a second time on purpose: changing what is retried must be a decision, not a slip. */
const EXPECTED: Record<RpcReason, [retryable: boolean, elsewhere: boolean, coolsDown: boolean]> = {
  unreachable: [true, true, true],
  timeout: [true, true, true],
  'rate-limited': [true, true, true],
  'server-error': [true, true, true],
  'not-ready': [true, true, false],
  'malformed-answer': [true, true, true],
  refused: [false, true, true],
  'method-unsupported': [false, true, false],
  'not-here': [false, true, false],
  'bad-request': [false, false, false],
  'transaction-rejected': [false, false, false],
  'already-processed': [false, false, false],
  'blockhash-not-found': [false, false, false],
};

describe('RpcError', () => {
  it.each(Object.entries(EXPECTED))('%s', (reason, [retryable, elsewhere, coolsDown]) => {
    expect(RPC_FAILURES[reason as RpcReason]).toEqual({ retryable, elsewhere, coolsDown });
    expect(new RpcError(reason as RpcReason, 'x').retryable).toBe(retryable);
  });

  it('knows no reason beyond these', () => {
    expect(Object.keys(RPC_FAILURES).sort()).toEqual(Object.keys(EXPECTED).sort());
  });

  it('never says that what speaks against the question is worth asking elsewhere', () => {
    for (const policy of Object.values(RPC_FAILURES)) {
      if (policy.coolsDown || policy.retryable) expect(policy.elsewhere).toBe(true);
    }
  });
});
