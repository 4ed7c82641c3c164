import type { mongo } from 'mongoose';
import { createMailer, type Mailer } from '../../../src/delivery/mailer.js';
import { dispatchDue } from '../../../src/delivery/dispatch.js';
import { release, tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork } from '../../../src/leases/lease-work.js';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The lease of the outbox, taken by one of this name as of a process that died long ago, and a pass under it. */
export async function openDispatcher(
  db: mongo.Db,
  mailer: Mailer,
  { holder = 'test', clock = systemClock }: { readonly holder?: string; readonly clock?: Clock } = {},
) {
  const { held } = await tryAcquire(db, systemClock, 'outbox', holder, 0, null);
  if (!held) throw new Error('a lease of no term can always be taken');
  const work = leaseWork(held);
  const metrics = createMetrics({ processMetrics: false });
  const letters = {
    letter: (_: mongo.Db, key: string) => Promise.resolve({ to: key, subject: 'Hello', text: 'You' }),
    unwritable: () => Promise.reject(new Error('nobody can write it')),
  };
  return {
    pass: () =>
      dispatchDue({ db, clock, random: () => 0, log, metrics, mailer, letters }, work, new AbortController().signal),
    close: () => release(db, held),
  };
}

/** A mailer to a test's server that waits `stepMs` for each of its answers. */
export function mailerTo(smtpUrl: string, stepMs?: number): Mailer {
  return createMailer({ smtpUrl, from: 'mooring <mooring@example.com>', ...(stepMs === undefined ? {} : { stepMs }) });
}
