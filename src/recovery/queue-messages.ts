import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { CausedMessage } from '../domain-kit/message.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { causeMessage, isReleased } from '../ledger/outbox.js';
import { parkCause, parkedId } from '../ledger/parked-causes.js';

/** What a queueing goes by. */
export interface QueueOptions {
  readonly now: Date;
  /** What happened longer ago lets nothing leave that could leave now, in milliseconds. */
  readonly maxAgeMs: number;
  readonly log: Log;
}

/**
 * Puts the messages that these final events cause into the outbox, in the transaction that makes them final. What happened
 * longer than `maxAgeMs` ago lets nothing leave that could leave now: a first sync of years must not write to everybody. It
 * is a cause all the same for whoever is yet to come. An event whose handler throws holds up no finality: it is parked in the
 * outbox until an operator retries or drops it. Returns how many were.
 */
export async function queueMessages(
  db: mongo.Db,
  session: mongo.ClientSession,
  module: DomainModule,
  finals: readonly LedgerRecord[],
  options: QueueOptions,
): Promise<number> {
  const { now, maxAgeMs, log } = options;
  const oldest = new Date(now.getTime() - maxAgeMs);
  const byId = new Map<string, CausedMessage>();
  let parked = 0;
  for (const record of finals) {
    const caused = causedBy(module, record);
    if ('error' in caused) {
      await parkFailed(db, session, module, record, caused.error, options);
      parked += 1;
    } else {
      for (const message of caused.messages) {
        const known = byId.get(message.id);
        if (!known || known.at < message.at) byId.set(message.id, message);
      }
    }
  }
  for (const message of byId.values()) {
    const isOld = message.at < oldest;
    if (isOld && (await isReleased(db, session, message.id))) continue;
    const state = await causeMessage(db, session, message, now);
    if (state === 'waiting' && !isOld) log.info({ message: message.id, key: message.key }, message.whileWaiting);
  }
  return parked;
}

type Caused = { readonly messages: readonly CausedMessage[] } | { readonly error: string };

function causedBy(module: DomainModule, { _id: id, kind, state, name, signature, slot, data }: LedgerRecord): Caused {
  const handler = kind === 'event' && state === 'applied' ? module.onFinalized[name] : undefined;
  if (!handler) return { messages: [] };
  try {
    return { messages: [...handler({ id, name, signature, slot, data })] };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

async function parkFailed(
  db: mongo.Db,
  session: mongo.ClientSession,
  { name: program }: DomainModule,
  { _id: eventId, name }: LedgerRecord,
  reason: string,
  { now, log }: QueueOptions,
): Promise<void> {
  const id = parkedId(eventId);
  const error = `onFinalized of ${name} failed: ${reason}. Mend it and restart the workers, then: npm run outbox -- retry ${id}`;
  await parkCause(db, session, { program, eventId }, error, now);
  log.error({ program, event: eventId, message: id, error }, 'a handler of final events failed; its event is parked');
}
