import { coupons } from '../../../src/domains/coupons/module.js';
import { advanceFrontier, beginFrontier } from '../../../src/ledger/frontier.js';
import { followStable, type StableEvent } from '../../../src/ledger/stable-stream.js';
import { ensureStableIndexes } from '../../../src/ledger/stable-slot.js';
import type { StreamStart } from '../../../src/ledger/stream-cursor.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import { FinalityChecker } from '../../../src/recovery/finality-checker.js';
import { StableSlotKeeper } from '../../../src/recovery/stable-slot-keeper.js';
import { sweepNotice } from '../../support/coupon-history-render.js';
import type { HistoryTransaction } from '../../support/coupon-history.js';
import { openCoreBench, silent } from './core-bench.js';
import { FakeChain } from './fake-chain.js';

/** Small, so that a short history has many pages. */
export const PAGE = 15;

/** What a reader got until it stopped. */
export interface Read {
  readonly events: readonly StableEvent[];
  /** Of the last item it got. */
  readonly cursor: string;
}

/** A ledger that is filled by the very steps of a worker, and readers of its stable stream. */
export type StableBench = Awaited<ReturnType<typeof openStableBench>>;

export async function openStableBench() {
  const bench = await openCoreBench();
  const { db } = bench;
  const program = coupons.name;
  await ensureStableIndexes(db);
  await beginFrontier(db, program, 1, new Date());
  const chain = new FakeChain();
  chain.finalizedSlot = 0;
  const work = await bench.takeLease();
  const ingest = bench.ingestOf(chain.landed);
  const projector = bench.projectorOf(work);
  const checker = new FinalityChecker(
    {
      ...{ db, clock, ingest, log: silent, chain: chain.port, members: chain.members, checkSlots: 0 },
      ...{ onFinalized: () => {}, onCorrected: () => {}, onMassSuspicion: () => {} },
    },
    work,
    coupons,
  );
  let nowMs = 0;
  const patience = { ...clock, monotonic: () => nowMs };
  const keeper = new StableSlotKeeper({ db, clock: patience, patienceMs: 600_000 }, work, program);
  return {
    ...bench,
    ...{ chain, keeper, work },
    /** Takes in and applies what landed. */
    ingest: async (transactions: readonly HistoryTransaction[]) => {
      chain.land(...transactions);
      await ingest.take(transactions.map(sweepNotice), 'confirmed');
      await bench.drain(projector);
    },
    apply: () => bench.drain(projector),
    /** Judges everything up to this slot, has the frontier reach it, and moves the stable slot as far as it goes. */
    settle: async (slot: number) => {
      chain.finalizedSlot = Math.max(slot, chain.finalizedSlot);
      await checker.pass();
      await checker.ended();
      await advanceFrontier(db, program, slot, new Date());
      return keeper.pass();
    },
    passTime: (ms: number) => (nowMs += ms),
    /** Reads until everything up to `untilSlot` was told, or so many events were. */
    read: async (
      from: StreamStart,
      untilSlot: number,
      options: { readonly atMost?: number; readonly names?: readonly string[] } = {},
    ): Promise<Read> => {
      const { atMost = Infinity, names = null } = options;
      const events: StableEvent[] = [];
      const { signal } = new AbortController();
      for await (const item of followStable({ db, clock, pageEvents: PAGE }, { program, names, from, signal })) {
        if (item.kind === 'event') events.push(item);
        const isEnough = item.kind === 'event' ? events.length >= atMost : item.slot >= untilSlot;
        if (isEnough) return { events, cursor: item.cursor };
      }
      throw new Error('a stream ends only when it is told to');
    },
  };
}

export function idsOf({ events }: Pick<Read, 'events'>): string[] {
  return events.map(({ id }) => id);
}
