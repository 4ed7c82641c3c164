import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import { readDue, type OutboxMessage } from '../ledger/outbox.js';
import { parkCause, parkedKind, unparkCause } from '../ledger/parked-causes.js';
import { readRecord } from '../ledger/read-records.js';
import { queueMessages } from './queue-messages.js';

const AT_ONCE = 100;

/** What a retry needs. */
export interface CauseRetrying {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  /** As for events that become final now, in milliseconds. */
  readonly maxAgeMs: number;
}

/**
 * Asks the handlers again about the parked events of a module that an operator made due. Whoever's handler throws again is
 * parked again.
 * @throws StaleFenceError when the lease is somebody else's.
 */
export async function retryCauses(retrying: CauseRetrying, work: LeaseWork, module: DomainModule): Promise<void> {
  const { db, clock } = retrying;
  for (const parked of await readDue(db, [parkedKind(module.name)], new Date(clock.now()), AT_ONCE)) {
    await work.exclusive(() =>
      inLeaseTransaction(db, work.lease, async (session) => {
        await retryOne(retrying, session, module, parked);
        await touchLease(db, work.lease, session);
      }),
    );
  }
}

async function retryOne(
  { db, clock, log, maxAgeMs }: CauseRetrying,
  session: mongo.ClientSession,
  module: DomainModule,
  { _id, key: eventId, createdAt }: OutboxMessage,
): Promise<void> {
  const now = new Date(clock.now());
  const record = await readRecord(db, module.name, eventId, session);
  if (record?.state !== 'applied') {
    const why = record === null ? 'is not in the ledger (any more)' : `is ${record.state}`;
    await parkCause(db, session, { program: module.name, eventId }, `The event ${why}: it causes nothing.`, now);
    return;
  }
  // As old as it was when it was parked: what waited for a mended handler is not history.
  const waitedMs = now.getTime() - createdAt.getTime();
  const failed = await queueMessages(db, session, module, [record], { now, maxAgeMs: maxAgeMs + waitedMs, log });
  if (failed > 0) return;
  await unparkCause(db, session, _id);
  log.info({ program: module.name, event: eventId }, 'the handler of a parked final event ran');
}
