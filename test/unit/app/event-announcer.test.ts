import { expect, it } from 'vitest';
import { EventAnnouncer, type AnnouncedTransaction } from '../../../src/app/event-announcer.js';
import { systemClock } from '../../../src/lib/clock.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { recordsOf } from '../../support/coupon-history-render.js';
import { generateHistory, type HistoryTransaction } from '../../support/coupon-history.js';
import { recordingLog } from '../chain/recording-log.js';

it('tells of each slot that an orphaned transaction was held in, also where one correction takes out two (I7)', () => {
  const several = generateHistory(3, 60).transactions.find(({ events }) => events.length > 1) as HistoryTransaction;
  const [first, ...others] = recordsOf(several);
  if (!first) throw new Error('unreachable');
  const moved = others.map((record) => ({ ...record, slot: first.slot + 5 }));
  const announcer = new EventAnnouncer(recordingLog() as never, createMetrics(), systemClock);
  const told: AnnouncedTransaction[] = [];
  announcer.on('transaction-orphaned', (one: AnnouncedTransaction) => told.push(one));
  announcer.corrected('coupons', { orphaned: [first, ...moved], entered: [] });
  expect(told).toMatchObject([
    { signature: first.signature, slot: first.slot, events: [{ id: first._id }] },
    { signature: first.signature, slot: first.slot + 5, events: moved.map(({ _id }) => ({ id: _id })) },
  ]);
});
