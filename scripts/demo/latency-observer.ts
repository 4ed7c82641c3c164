import anchor, { type Idl } from '@coral-xyz/anchor';
import type { mongo } from 'mongoose';
import { WebSocket } from 'ws';
import idl from '../../idl/coupons.json' with { type: 'json' };

/** Least time between two looks into the database, in milliseconds: the grain of the measurement. */
const LOOK_EVERY_MS = 5;
/** A slow database must not be kept busy by being measured: after a look it is left alone this many times as long. */
const REST_PER_LOOK = 4;

/** Which document shows an event, by its event's name: collection and the field with its address. */
const SHOWN_BY: Readonly<Record<string, readonly [collection: string, field: string]>> = {
  MerchantRegistered: ['merchants', 'merchant'],
  PromotionCreated: ['promotions', 'promotion'],
  PromotionUpdated: ['promotions', 'promotion'],
  PromotionClosed: ['promotions', 'promotion'],
  CouponMinted: ['coupons', 'coupon'],
  CouponTransferred: ['coupons', 'coupon'],
  CouponRedeemed: ['coupons', 'coupon'],
  CouponListed: ['coupons', 'coupon'],
  PromotionRated: ['ratings', 'rating'],
};

interface Awaited {
  readonly collection: string;
  readonly key: string;
  readonly revision: bigint;
  readonly sinceMs: number;
}

/** Measures from outside how long a confirmed event takes to be readable in MongoDB. */
export interface LatencyObserver {
  /** While paused nothing new is measured. */
  pause(): void;
  resume(): void;
  /** Sorted, in milliseconds. */
  readings(): readonly number[];
  stop(): Promise<void>;
}

/**
 * Listens to the chain on a socket of its own at `confirmed`, decodes with Anchor, and reads the documents until each
 * has the event's revision or a later one. Nothing of the pipeline is asked, so nothing of it can flatter the figure.
 */
export async function observeLatency(wsUrl: string, programId: string, db: mongo.Db): Promise<LatencyObserver> {
  const coder = new anchor.BorshEventCoder(idl as Idl);
  let awaited: Awaited[] = [];
  let paused = false;
  let stopped = false;
  const readings: number[] = [];

  const socket = new WebSocket(wsUrl, { perMessageDeflate: false });
  const subscribed = new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('message', (data) => {
      const sinceMs = performance.now();
      const message = JSON.parse((data as Buffer).toString('utf8')) as LogsMessage;
      if (message.id === 1) resolve();
      const { err, logs } = message.params?.result.value ?? { err: null, logs: [] };
      if (!paused && err === null) awaited.push(...(logs ?? []).flatMap((line) => awaitedBy(coder, line, sinceMs)));
    });
    socket.once('open', () => {
      const params = [{ mentions: [programId] }, { commitment: 'confirmed' }];
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'logsSubscribe', params }));
    });
  });
  await subscribed;
  socket.on('error', () => undefined);

  const looking = (async () => {
    let restMs = LOOK_EVERY_MS;
    while (!stopped) {
      await new Promise((resolve) => setTimeout(resolve, restMs));
      if (awaited.length === 0) continue;
      const begunMs = performance.now();
      const { shown, nowMs } = await look(db, awaited);
      restMs = Math.max(LOOK_EVERY_MS, (nowMs - begunMs) * REST_PER_LOOK);
      if (!paused) readings.push(...[...shown].map(({ sinceMs }) => nowMs - sinceMs));
      awaited = awaited.filter((one) => !shown.has(one));
    }
  })();
  return {
    pause: () => {
      paused = true;
      awaited = [];
    },
    resume: () => {
      paused = false;
    },
    readings: () => [...readings].sort((one, other) => one - other),
    stop: async () => {
      stopped = true;
      socket.terminate();
      await looking;
    },
  };
}

interface LogsMessage {
  readonly id?: number;
  readonly params?: { readonly result: { readonly value: { readonly err: unknown; readonly logs: string[] | null } } };
}

function awaitedBy(coder: anchor.BorshEventCoder, line: string, sinceMs: number): Awaited[] {
  if (!line.startsWith('Program data: ')) return [];
  const event = coder.decode(line.slice('Program data: '.length));
  const [collection, field] = SHOWN_BY[event?.name ?? ''] ?? [];
  if (!event || collection === undefined || field === undefined) return [];
  const data = event.data as Readonly<Record<string, { toString(): string }>>;
  const [key, revision] = [data[field], data['revision']].map(String) as [string, string];
  return [{ collection, key, revision: BigInt(revision), sinceMs }];
}

async function look(db: mongo.Db, awaited: readonly Awaited[]) {
  const revisions = new Map<string, bigint>();
  for (const collection of new Set(awaited.map((one) => one.collection))) {
    const keys = awaited.filter((one) => one.collection === collection).map(({ key }) => key);
    const found = await db
      .collection<{ _id: string; revision?: mongo.Decimal128 }>(collection)
      .find({ _id: { $in: keys } }, { projection: { revision: 1 } })
      .toArray();
    for (const { _id, revision } of found) revisions.set(`${collection}/${_id}`, BigInt(revision?.toString() ?? -1));
  }
  const nowMs = performance.now();
  const shown = new Set(
    awaited.filter(({ collection, key, revision }) => (revisions.get(`${collection}/${key}`) ?? -1n) >= revision),
  );
  return { shown, nowMs };
}

/** The value below which `share` of the sorted readings lie; null without any. */
export function percentile(sorted: readonly number[], share: number): number | null {
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return value === undefined ? null : Math.round(value * 10) / 10;
}
