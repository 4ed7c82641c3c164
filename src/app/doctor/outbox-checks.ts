import { readOwed } from '../../ledger/outbox-lists.js';
import { readFailed } from '../../ledger/parked-causes.js';
import type { Check } from '../../ops/doctor/check.js';
import { judgeFailed, judgeOwed } from '../../ops/doctor/judge-outbox.js';
import { lettersOf } from '../outbox.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** A letter leaves within seconds of being due: a minute is no delay any more. Milliseconds. */
const OWED_PATIENCE_MS = 60_000;

/** Whether letters leave, and what waits for a decision. */
export function outboxChecks({ config, machine: { clock }, modules, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const base = {
    ...({ group: 'outbox', subject: null, limitMs: QUESTION_LIMIT_MS } as const),
    ...{ needs: [DATABASE_ANSWERS], whenUnread: unread },
  };
  const kinds = Object.keys(lettersOf(modules));
  return [
    {
      ...base,
      ...{ id: 'outbox.owed', checked: 'owed' },
      look: async () => {
        if (kinds.length === 0) return null;
        const now = clock.now();
        const { oldestDueAt, ...owed } = await readOwed((await database()).db, kinds, new Date(now - OWED_PATIENCE_MS));
        const oldestMs = oldestDueAt === null ? 0 : Math.max(0, now - oldestDueAt.getTime());
        return judgeOwed({ ...owed, oldestMs, isSmtpUrlSet: config.smtpUrl !== null });
      },
    },
    {
      ...base,
      ...{ id: 'outbox.failed', checked: 'failed' },
      look: async () => {
        const { events, newestEvent, letters, newestLetter } = await readFailed((await database()).db);
        const [eventError, letterError] = [newestEvent?.error ?? null, newestLetter?.error ?? null];
        return judgeFailed({ events, eventError, letters, letterError });
      },
    },
  ];
}
