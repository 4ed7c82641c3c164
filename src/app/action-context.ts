import type { ActionContext } from '../domain-kit/action.js';
import { DUPLICATE_KEY } from '../lib/duplicate-key.js';
import { releaseMessage } from '../ledger/outbox.js';
import { inTransaction } from '../store/transactions.js';
import type { Foundation } from './foundation.js';

/** Two that insert the same document at once: the second finds it there when it tries again. */
const TRIES = 5;

/** What actions work with over a foundation. */
export function createActionContext({ mongo: { db, client }, machine: { clock } }: Foundation): ActionContext {
  const now = () => new Date(clock.now());
  return {
    ...{ db, now },
    transaction: async (body) => {
      for (let left = TRIES; ; left--) {
        try {
          return await inTransaction(client, body);
        } catch (error) {
          if (left === 1 || (error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
        }
      }
    },
    release: async (session, message, notes) => {
      await releaseMessage(db, session, message, now(), notes);
    },
  };
}
