import bs58 from 'bs58';
import type { mongo } from 'mongoose';
import { encodeAccount } from '../../../scripts/bench/encode-event.js';
import type { AccountInfo } from '../../../src/chain/chain-port.js';
import type { OrphanWitness } from '../../../src/reconcile/known-events.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { MemoryServer } from '../../simulation/memory-mongo/memory-server.js';
import { couponsCodec } from '../../support/coupon-history-render.js';

/** A document as the tests store it. */
export type Stored = { _id: string } & Record<string, unknown>;

/** A database in memory, and a clock that stands. */
export function openBench() {
  const clock = { now: () => Date.UTC(2026, 0, 2), monotonic: () => 0, sleep: () => Promise.resolve() };
  const db = new MemoryServer({ now: () => 0 }).connect({ step: () => Promise.resolve() });
  const of = (name: string): mongo.Collection<Stored> => db.collection<Stored>(name);
  return { db, clock, of };
}

/** An address of its own for each number. */
export function addressOf(n: number): string {
  return bs58.encode(new Uint8Array(32).fill(n));
}

/** The account of a comment. */
export function commentAccount(text: string): AccountInfo {
  const promotion = addressOf(9);
  const comment = { revision: 1n, promotion, author: promotion, index: 0, text, createdAt: 60n, bump: 1 };
  return { owner: couponsCodec.programId, lamports: 1n, data: encodeAccount('Comment', comment) };
}

/** An endpoint that has accounts at these addresses, or that does not answer; `meanwhile` happens while it is asked. */
export function endpoint(
  has: readonly string[] | 'fails',
  meanwhile: () => Promise<unknown> = () => Promise.resolve(),
): OrphanWitness {
  return {
    chain: {
      accounts: async (addresses, _, slot = 0) => {
        await meanwhile();
        if (has === 'fails') throw new RpcError('timeout', 'no answer');
        const account = commentAccount('');
        return { contextSlot: slot, accounts: addresses.map((address) => (has.includes(address) ? account : null)) };
      },
      signatureStatuses: (signatures) => Promise.resolve({ contextSlot: 0, statuses: signatures.map(() => null) }),
    },
  };
}
