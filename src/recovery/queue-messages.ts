import type { mongo } from 'mongoose';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { CausedMessage } from '../domain-kit/message.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { causeMessage, isReleased } from '../ledger/outbox.js';

/** Messages that events cause when they become final. A handler that throws holds up no finality; it is logged. */
function messagesOf(module: DomainModule, finals: readonly LedgerRecord[], log: Log): readonly CausedMessage[] {
  return finals.flatMap(({ _id: id, kind, state, name, signature, slot, data }) => {
    const handler = kind === 'event' && state === 'applied' ? module.onFinalized[name] : undefined;
    if (!handler) return [];
    try {
      return [...handler({ id, name, signature, slot, data })];
    } catch (error) {
      log.error({ event: id, error: messageOf(error) }, 'a handler of final events failed; its message is not sent');
      return [];
    }
  });
}

/**
 * Puts the messages that these final events cause into the outbox, in the transaction that makes them final. What happened
 * longer than `maxAgeMs` ago lets nothing leave that could leave now: a first sync of years must not write to everybody. It
 * is a cause all the same for whoever is yet to come.
 */
export async function queueMessages(
  db: mongo.Db,
  session: mongo.ClientSession,
  module: DomainModule,
  finals: readonly LedgerRecord[],
  { now, maxAgeMs, log }: { readonly now: Date; readonly maxAgeMs: number; readonly log: Log },
): Promise<void> {
  const oldest = new Date(now.getTime() - maxAgeMs);
  const byId = new Map<string, CausedMessage>();
  for (const message of messagesOf(module, finals, log)) {
    const known = byId.get(message.id);
    if (!known || known.at < message.at) byId.set(message.id, message);
  }
  for (const message of byId.values()) {
    const isOld = message.at < oldest;
    if (isOld && (await isReleased(db, session, message.id))) continue;
    const state = await causeMessage(db, session, message, now);
    if (state === 'waiting' && !isOld) log.info({ message: message.id, key: message.key }, message.whileWaiting);
  }
}
