import type { Check } from '../../ops/doctor/check.js';
import { fail } from '../../ops/doctor/finding.js';
import {
  judgeBinding,
  judgeClock,
  judgeIndexes,
  judgeNoServer,
  judgeNoTransactions,
  judgeServer,
  judgeTransactions,
} from '../../ops/doctor/judge-database.js';
import { readBoundChain } from '../../store/chain-identity.js';
import { askClock, askServer, tryTransactions } from './database-questions.js';
import { CONNECT_LIMIT_MS, QUESTION_LIMIT_MS } from './limits.js';
import { soon } from './soon.js';
import type { Visit } from './visit.js';
import { readIndexes } from './wanted-indexes.js';

/** The key of the check that the database answers at all. */
export const DATABASE_ANSWERS = 'database.answers';

/** What is asked of the database. Nothing is written to it. */
export function databaseChecks({ config, machine: { clock }, endpoints, modules, database }: Visit): Check[] {
  if (config.mongodbUri === undefined) return [];
  const base = { group: 'database', subject: null, limitMs: QUESTION_LIMIT_MS } as const;
  const further = {
    ...base,
    needs: [DATABASE_ANSWERS],
    whenUnread: ({ message }: { readonly message: string }) =>
      fail(message, 'Let the user of MONGODB_URI read and write MONGODB_DATABASE, and see the log of the server.'),
  };
  return [
    {
      ...base,
      ...{ id: DATABASE_ANSWERS, checked: 'answers', limitMs: CONNECT_LIMIT_MS, whenUnread: judgeNoServer },
      look: async () => judgeServer(await askServer(await database(), clock)),
    },
    {
      ...further,
      ...{ id: 'database.transactions', checked: 'transactions', whenUnread: judgeNoTransactions },
      look: async () => judgeTransactions(await tryTransactions(await database())),
    },
    {
      ...further,
      ...{ id: 'database.indexes', checked: 'indexes' },
      look: async () => {
        const { db } = await database();
        return judgeIndexes(
          await readIndexes(
            db,
            modules.map(({ module }) => module),
          ),
        );
      },
    },
    {
      ...further,
      ...{ id: 'database.chain', checked: 'bound to a chain', limitMs: 2 * QUESTION_LIMIT_MS },
      look: async () => {
        const bound = await readBoundChain((await database()).db);
        const asked = endpoints.map(async ({ name, genesis }) => ({ name, hash: await soon(clock, genesis(), null) }));
        const seen = (await Promise.all(asked)).flatMap(({ name, hash }) => (hash === null ? [] : [{ name, hash }]));
        return judgeBinding({ bound, seen });
      },
    },
    {
      ...further,
      ...{ id: 'database.clock', checked: 'clock' },
      look: async () => judgeClock(await askClock(await database(), clock)),
    },
  ];
}
