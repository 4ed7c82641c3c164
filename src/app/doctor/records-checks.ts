import { countDeadItems, listDeadItems } from '../../ledger/dead-items.js';
import { readWaiting } from '../../ledger/waiting-records.js';
import type { Check } from '../../ops/doctor/check.js';
import { judgeDead, judgeUnfinished, judgeWaiting } from '../../ops/doctor/judge-records.js';
import { TransactionStore } from '../../transactions/transaction-store.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { settingsOf } from '../settings-of.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** A record is applied within a second or two: a minute is no delay any more. Milliseconds. */
const WAITING_PATIENCE_MS = 60_000;
/** What an event waits for each slot of CONFIRMATIONS, in milliseconds. */
const SLOT_MS = 400;
/** A blockhash lives 150 slots, about a minute: what is neither landed nor expired after five has nobody who asks. */
const UNFINISHED_PATIENCE_MS = 5 * 60_000;
/** Enough of the newest to name the reasons. */
const DEAD_LOOKED_AT = 200;
const UNFINISHED_LOOKED_AT = 1_000;

/** What is in the ledger or under way, and did not take effect. */
export function recordsChecks({ config, machine: { clock }, modules, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const base = { group: 'records', limitMs: QUESTION_LIMIT_MS, needs: [DATABASE_ANSWERS], whenUnread: unread } as const;
  const ofPrograms = modules
    .map(({ module }) => ({ name: module.name, ...settingsOf(config, module) }))
    .flatMap(({ name, confirmations }): Check[] => [
      {
        ...base,
        ...{ id: 'records.waiting', subject: name, checked: 'waiting' },
        look: async () => {
          const patienceMs = WAITING_PATIENCE_MS + confirmations * SLOT_MS;
          const now = clock.now();
          const { count, oldestSeenAt } = await readWaiting((await database()).db, name, new Date(now - patienceMs));
          return judgeWaiting({ count, oldestMs: now - (oldestSeenAt?.getTime() ?? now) }, patienceMs);
        },
      },
      {
        ...base,
        ...{ id: 'records.dead', subject: name, checked: 'dead letters' },
        look: async () => {
          const { db } = await database();
          const filter = { programs: [name], closed: false };
          const { letter: letters, record: records } = await countDeadItems(db, filter);
          const newest = await listDeadItems(db, filter, DEAD_LOOKED_AT);
          const cutOff = await countDeadItems(db, { ...filter, reason: 'log-truncated' });
          const reasons = [...new Set(newest.map(({ reason }) => reason))];
          return judgeDead(name, { letters, records, reasons, truncated: cutOff.letter });
        },
      },
    ]);
  return [
    ...ofPrograms,
    {
      ...base,
      ...{ id: 'records.transactions', subject: null, checked: 'requests' },
      look: async () => {
        const now = clock.now();
        const unresolved = await new TransactionStore((await database()).db).unresolved(UNFINISHED_LOOKED_AT);
        const ages = unresolved.map(({ createdAt }) => now - createdAt.getTime());
        const late = ages.filter((ageMs) => ageMs > UNFINISHED_PATIENCE_MS);
        return judgeUnfinished({ count: late.length, oldestMs: Math.max(0, ...late) });
      },
    },
  ];
}
