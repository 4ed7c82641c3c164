import { describe, expect, it } from 'vitest';
import type { ChainPort, SignatureStatus } from '../../../src/chain/chain-port.js';
import { DESK_TIMING } from '../../../src/transactions/desk-timing.js';
import { followedRequest } from '../../../src/transactions/followed-request.js';
import type { Attempt, ManagedTransaction } from '../../../src/transactions/managed-transaction.js';
import { newCounter } from '../../../src/transactions/index-counter.js';
import { readLanding } from '../../../src/transactions/read-landing.js';
import { RequestTracker } from '../../../src/transactions/request-tracker.js';
import type { Change } from '../../../src/transactions/signer-writer.js';
import { managedTransaction } from './managed-transactions.js';

const attempt: Attempt = {
  signature: 'sig',
  wire: new Uint8Array([1]),
  lifetime: { kind: 'blockhash', blockhash: 'hash', lastValidBlockHeight: 100 },
  fee: { unitLimit: null, unitPrice: 0 },
  signedAt: new Date(0),
  firstSentAt: null,
  lastSentAt: null,
  sends: 0,
  error: null,
  expiredAt: null,
};
const sent = managedTransaction({
  state: 'sent',
  attempts: [attempt],
  counter: 'row',
  allocation: { counter: 'row', index: 4n },
});

interface Answers {
  readonly height?: number;
  readonly slot?: number;
  readonly statusSlot?: number;
  readonly status?: SignatureStatus | null;
  readonly transaction?: unknown;
}

/** An endpoint that says so. */
function endpoint({ height = 0, slot = 500, statusSlot = 500, status = null, transaction = null }: Answers = {}) {
  return {
    blockHeight: async () => height,
    epochInfo: async () => ({ slot, blockHeight: height }),
    signatureStatuses: async () => ({ contextSlot: statusSlot, statuses: [status] }),
    transaction: async () => transaction,
    accounts: async () => ({ contextSlot: slot, accounts: [] }),
    sendTransaction: async () => 'sig',
  } as unknown as ChainPort;
}

/** A tracker over these endpoints, whose writes are kept. */
function tracker(endpoints: readonly ChainPort[], stored: ManagedTransaction = sent, mostAttempts = 5) {
  const row = { ...newCounter('row'), next: 5n };
  const written: { transaction: ManagedTransaction; free: readonly bigint[] }[] = [];
  const writer = {
    change: async ({ decide }: Change) => {
      const decided = decide(stored, row);
      if (!decided) return stored;
      const decision = 'transaction' in decided ? decided : { transaction: decided };
      const transaction = decision.transaction ?? stored;
      written.push({ transaction, free: ('counter' in decision && decision.counter?.free) || [] });
      return transaction;
    },
  };
  const clock = { now: () => 0, monotonic: () => 10_000, sleep: async () => undefined };
  const one = new RequestTracker({
    ...{
      writer,
      chain: endpoints[0] as ChainPort,
      witnesses: endpoints,
      targets: () => endpoints,
      catalogs: [],
      clock,
    },
    ...{ log: { debug() {}, info() {}, warn() {}, error() {} }, timing: DESK_TIMING, mostAttempts },
  });
  const followed = followedRequest(stored, 0);
  return { judge: (sight: Parameters<typeof one.judge>[1]) => one.judge(followed, sight), written, followed };
}

const landing = (commitment: 'confirmed' | 'finalized') => ({ signature: 'sig', slot: 7, commitment });
const ABSENT = { kind: 'absent' } as const;
const OVER = { height: 101 };

describe('what follows from the sight of a request', () => {
  it('I5: a failure in a block that may be dropped is no answer', async () => {
    const { judge, written } = tracker([endpoint()]);
    await judge({ kind: 'landed-refused', landing: landing('confirmed') });
    expect(written).toEqual([]);
  });

  it('I10: a failure at finalized is one, and its number is free again', async () => {
    const { judge, written } = tracker([endpoint()]);
    await judge({ kind: 'landed-refused', landing: landing('finalized') });
    expect(written).toMatchObject([{ transaction: { state: 'failed', slot: 7 }, free: [4n] }]);
  });

  it('a number that somebody else has is not given back', async () => {
    const meta = {
      err: { InstructionError: [0, { Custom: 0 }] },
      logMessages: ['Program 11111111111111111111111111111111 failed: custom program error: 0x0'],
    };
    const { judge, written } = tracker([endpoint({ transaction: { meta } })], {
      ...sent,
      races: ['AccountAlreadyInUse'],
    });
    await judge({ kind: 'landed-refused', landing: landing('finalized') });
    expect(written).toMatchObject([
      { transaction: { state: 'failed', refusal: { name: 'AccountAlreadyInUse' } }, free: [] },
    ]);
  });

  it('004-3.3: confirmed falls back when a fork drops it: every endpoint lacks it, from its slot or later', async () => {
    const confirmed = { ...sent, state: 'confirmed', ...landing('confirmed') } as const;
    const gone = tracker([endpoint(), endpoint()], confirmed);
    await gone.judge(ABSENT);
    expect(gone.written[0]?.transaction).toMatchObject({ state: 'sent', slot: null, signature: null });
    const lagging = tracker([endpoint(), endpoint({ statusSlot: 6 })], confirmed);
    await lagging.judge(ABSENT);
    expect(lagging.written.map(({ transaction }) => transaction.state)).toEqual(['confirmed']);
  });

  it('I9: signed again only when two endpoints prove it expired, and given up after the last version', async () => {
    const alone = tracker([endpoint(OVER), endpoint()]);
    await alone.judge(ABSENT);
    expect(alone.written.map(({ transaction }) => transaction.state)).toEqual(['sent']);
    const known = tracker([endpoint(OVER), endpoint(OVER), endpoint({ transaction: {}, ...OVER })]);
    await known.judge(ABSENT);
    expect(known.written.map(({ transaction }) => transaction.state)).toEqual(['sent']);
    const both = tracker([endpoint(OVER), endpoint(OVER)]);
    await both.judge(ABSENT);
    expect(both.written).toMatchObject([{ transaction: { state: 'pending' }, free: [] }]);
    const last = tracker([endpoint(OVER), endpoint(OVER)], sent, 1);
    await last.judge(ABSENT);
    expect(last.written).toMatchObject([{ transaction: { state: 'expired' }, free: [4n] }]);
  });

  it('X-5: what a wallet signed is never signed again', async () => {
    const { judge, written } = tracker([endpoint(OVER)], { ...sent, signer: 'wallets', counter: null });
    await judge(ABSENT);
    expect(written).toMatchObject([{ transaction: { state: 'expired' } }]);
  });
});

describe('readLanding', () => {
  const status = (commitment: SignatureStatus['commitment'], failed = false) => ({
    ...{ slot: 7, confirmations: null, commitment, failed },
  });

  it.each([
    ['nothing', [null], 'absent'],
    ['processed only', [status('processed')], 'seen'],
    ['a success', [status('confirmed')], 'landed'],
    ['a failure', [status('confirmed', true)], 'landed-refused'],
    ['two versions in two forks', [status('confirmed', true), status('confirmed')], 'landed'],
    ['a final failure beside a success in a fork', [status('confirmed'), status('finalized', true)], 'landed-refused'],
  ] as const)('%s', (_, statuses, kind) => {
    const versions = statuses.map((one, at) => ({ signature: `sig${at}`, status: one }));
    expect(readLanding(versions).kind).toBe(kind);
  });
});
