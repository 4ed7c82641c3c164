import type { mongo } from 'mongoose';
import { createMailer, type Mailer, type MailerLimits } from '../../../src/delivery/mailer.js';
import { dispatchDue } from '../../../src/delivery/dispatch.js';
import { release, tryAcquire } from '../../../src/leases/lease.js';
import { leaseWork } from '../../../src/leases/lease-work.js';
import { systemClock, type Clock } from '../../../src/lib/clock.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';

/** A signal that nobody gives. */
const NEVER = new AbortController().signal;
export const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** The lease of the outbox, taken by one of this name as of a process that died long ago, and a pass under it. */
export async function openDispatcher(
  db: mongo.Db,
  mailer: Mailer,
  {
    holder = 'test',
    clock = systemClock,
    stop = NEVER,
  }: { readonly holder?: string; readonly clock?: Clock; readonly stop?: AbortSignal } = {},
) {
  const { held } = await tryAcquire(db, systemClock, 'outbox', holder, 0, null);
  if (!held) throw new Error('a lease of no term can always be taken');
  const work = leaseWork(held);
  const metrics = createMetrics({ processMetrics: false });
  const letters = {
    letter: (_: mongo.Db, key: string) => Promise.resolve({ to: key, subject: 'Hello', text: 'You' }),
    unwritable: () => Promise.reject(new Error('nobody can write it')),
    // Wanted by whoever is in `wanting`.
    wanted: async (from: mongo.Db, key: string) =>
      (await from.collection<{ _id: string }>('wanting').findOne({ _id: key }))
        ? { to: key, subject: 'Hello', text: 'You' }
        : null,
  };
  return {
    work,
    pass: () => dispatchDue({ db, clock, random: () => 0, log, metrics, mailer, letters }, work, stop),
    close: () => release(db, held),
  };
}

/** A mailer to a test's server, until `stop`. */
export function mailerTo(smtpUrl: string, limits?: MailerLimits, stop = NEVER): Mailer {
  const from = 'mooring <mooring@example.com>';
  return createMailer({ smtpUrl, from, stop, ...(limits ? { limits } : {}) });
}
