import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  errorOfJsonRpc,
  reasonOfJsonRpcError,
  reasonOfStatus,
  reasonOfThrown,
  retryAfterMs,
} from '../../../src/chain/classify-failure.js';
import { RPC_FAILURES } from '../../../src/chain/rpc-error.js';

describe('reasonOfJsonRpcError', () => {
  it.each([
    // Surfnet 1.5.0, as answered.
    [
      -32002,
      'Transaction verification failed for transaction Internal error: "Transaction error: This transaction has already been processed"',
      undefined,
      'already-processed',
    ],
    [-32602, 'Requested 3 is before the first local slot, and no remote RPC was provided.', undefined, 'not-here'],
    [-32602, "Invalid pubkey 'x'", 'String is the wrong size', 'bad-request'],
    [-32601, 'Method not found', undefined, 'method-unsupported'],
    // agave 4.1.
    [
      -32002,
      'Transaction simulation failed: This transaction has already been processed',
      { err: 'AlreadyProcessed', logs: [] },
      'already-processed',
    ],
    [
      -32002,
      'Transaction simulation failed: Blockhash not found',
      { err: 'BlockhashNotFound', logs: [] },
      'blockhash-not-found',
    ],
    [-32002, 'Transaction simulation failed: Blockhash not found', undefined, 'blockhash-not-found'],
    [-32003, 'Transaction signature verification failure', undefined, 'transaction-rejected'],
    [-32004, 'Block not available for slot 5', undefined, 'not-here'],
    [-32005, 'Node is behind by 212 slots', { numSlotsBehind: 212 }, 'not-ready'],
    [-32007, 'Slot 5 was skipped, or missing due to ledger jump to recent snapshot', undefined, 'not-here'],
    [-32014, 'Block status not yet available for slot 5', undefined, 'not-here'],
    [-32015, 'Transaction version (1) is not supported by the requesting client.', undefined, 'bad-request'],
    [-32016, 'Minimum context slot has not been reached', { contextSlot: 5 }, 'not-ready'],
    [-32020, 'Transaction 5VER… not found', undefined, 'not-here'],
    [-32603, 'Internal error', undefined, 'server-error'],
    [-31999, 'who knows', undefined, 'server-error'],
    // Providers.
    [-32007, '50/second request limit reached', undefined, 'rate-limited'],
    [-32429, 'too many', undefined, 'rate-limited'],
    [429, 'Too many requests for a specific RPC call', undefined, 'rate-limited'],
    [-32003, 'daily request limit reached - upgrade your account', undefined, 'rate-limited'],
  ] as const)('%i %s', (code, message, data, reason) => {
    expect(reasonOfJsonRpcError({ code, message, data })).toBe(reason);
  });

  it('believes the structured error, not what a program managed to log into the message', () => {
    const message = 'Transaction simulation failed: 1 log: "already been processed, Blockhash not found, rate limit"';
    const data = { err: { InstructionError: [0, { Custom: 1 }] }, logs: ['Program log: already been processed'] };
    expect(reasonOfJsonRpcError({ code: -32002, message, data })).toBe('transaction-rejected');
  });

  it('does not take a program that logs "rate limit" for a provider', () => {
    const message = 'Transaction simulation failed: 1 log message:\nProgram log: rate limit';
    expect(reasonOfJsonRpcError({ code: -32002, message })).toBe('transaction-rejected');
  });

  it('has a reason for anything', () => {
    fc.assert(
      fc.property(fc.integer(), fc.string(), fc.jsonValue(), (code, message, data) => {
        expect(RPC_FAILURES).toHaveProperty(reasonOfJsonRpcError({ code, message, data }));
      }),
    );
  });
});

describe('errorOfJsonRpc', () => {
  it('carries what the preflight said', () => {
    const err = { InstructionError: [0, { Custom: 6001 }] };
    const error = errorOfJsonRpc('host m', { code: -32002, message: 'failed', data: { err, logs: ['a', 7, 'b'] } }, 20);
    expect(error.message).toBe('host m: failed (-32002)');
    expect(error.details).toEqual({ code: -32002, logs: ['a', 'b'], transactionError: err, retryAfterMs: 20 });
  });
});

describe('reasonOfStatus', () => {
  it.each([
    [200, undefined],
    [204, undefined],
    [400, 'bad-request'],
    [401, 'refused'],
    [403, 'refused'],
    [404, 'refused'],
    [408, 'server-error'],
    [413, 'bad-request'],
    [429, 'rate-limited'],
    [302, 'refused'],
    [500, 'server-error'],
    [503, 'server-error'],
    [522, 'server-error'],
  ])('%i', (status, reason) => expect(reasonOfStatus(status)).toBe(reason));
});

describe('reasonOfThrown', () => {
  it.each([
    [{ name: 'TimeoutError' }, 'timeout'],
    [{ code: 'UND_ERR_HEADERS_TIMEOUT' }, 'timeout'],
    [{ code: 'UND_ERR_CONNECT_TIMEOUT' }, 'unreachable'],
    [{ code: 'ECONNREFUSED' }, 'unreachable'],
    [{ code: 'UND_ERR_SOCKET' }, 'unreachable'],
    [{ code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }, 'bad-request'],
    [{ code: 'UND_ERR_DESTROYED' }, 'refused'],
    ['a string', 'unreachable'],
  ])('%o', (thrown, reason) => expect(reasonOfThrown(thrown)).toBe(reason));
});

describe('retryAfterMs', () => {
  const now = Date.parse('2025-01-01T00:00:00Z');
  it.each([
    [undefined, undefined],
    ['3', 3_000],
    ['0', 0],
    ['1.5', 1_500],
    ['Wed, 01 Jan 2025 00:00:10 GMT', 10_000],
    ['Tue, 31 Dec 2024 00:00:00 GMT', 0],
    ['soon', undefined],
  ])('%s', (header, ms) => expect(retryAfterMs(header, now)).toBe(ms));
});
