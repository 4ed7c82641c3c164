import type { Check } from '../../ops/doctor/check.js';
import { judgeNonces } from '../../ops/doctor/judge-nonces.js';
import { NonceStore } from '../../transactions/nonces/nonce-store.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import type { Visit } from './visit.js';
import { unread } from './worker-checks.js';

/** Whether there are nonce accounts for whoever needs one. */
export function nonceChecks({ config, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  return [
    {
      ...{ id: 'signers.nonces', group: 'signers', subject: null, checked: 'nonce accounts' },
      ...{ limitMs: QUESTION_LIMIT_MS, needs: [DATABASE_ANSWERS], whenUnread: unread },
      look: async () => {
        const { reasons, ...counts } = await new NonceStore((await database()).db).counts();
        const most = Object.entries(reasons).sort(([, one], [, other]) => other - one);
        return judgeNonces({ ...counts, reasons: most });
      },
    },
  ];
}
