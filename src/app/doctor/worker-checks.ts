import { readHolder } from '../../leases/read-holder.js';
import { readFrontier } from '../../ledger/frontier.js';
import { readListenerStatus, type ListenerStatus } from '../../ledger/listener-status.js';
import { readReplayNeeded } from '../../ledger/projection-version.js';
import { readReplay } from '../../ledger/replay-request.js';
import type { Check } from '../../ops/doctor/check.js';
import { fail, type Judgement } from '../../ops/doctor/finding.js';
import {
  judgeAlive,
  judgeCompleteness,
  judgeFrontier,
  judgeLease,
  judgeListening,
  judgeMemory,
  judgeSuspicion,
  judgeVersion,
} from '../../ops/doctor/judge-worker.js';
import { DATABASE_ANSWERS } from './database-checks.js';
import { QUESTION_LIMIT_MS } from './limits.js';
import { once } from './once.js';
import { readMemory } from './process-memory.js';
import type { Visit } from './visit.js';

/** What is asked of who follows each program, and of how far it came. */
export function workerChecks(visit: Visit): Check[] {
  const { config, machine, modules, database } = visit;
  if (config.mongodbUri === undefined) return [];
  return modules.flatMap(({ module: { name, version } }): Check[] => {
    const status = once(async () => readListenerStatus((await database()).db, name));
    const base = {
      group: 'worker',
      subject: name,
      limitMs: QUESTION_LIMIT_MS,
      needs: [DATABASE_ANSWERS],
      whenUnread: unread,
    } as const;
    const alive = { ...base, needs: [`worker.alive ${name}`] };
    const ofStatus = (judge: (status: ListenerStatus) => Judgement | Promise<Judgement>) => async () => {
      const said = await status();
      return said && judge(said);
    };
    return [
      {
        ...base,
        ...{ id: 'worker.alive', checked: 'alive' },
        look: async () => judgeAlive(await status(), machine.clock.now()),
      },
      {
        ...alive,
        ...{ id: 'worker.lease', checked: 'lease' },
        look: ofStatus(async (said) => judgeLease(said, await readHolder((await database()).db, `program:${name}`))),
      },
      { ...alive, ...{ id: 'worker.listening', checked: 'listening' }, look: ofStatus(judgeListening) },
      {
        ...alive,
        ...{ id: 'worker.frontier', checked: 'frontier' },
        look: ofStatus((said) => judgeFrontier(said, config.maxLagSlots)),
      },
      { ...alive, ...{ id: 'worker.forks', checked: 'mass suspicion' }, look: ofStatus(judgeSuspicion) },
      {
        ...alive,
        ...{ id: 'worker.memory', checked: 'memory' },
        look: ofStatus(async ({ holder }) => judgeMemory(await readMemory(holder))),
      },
      {
        ...base,
        ...{ id: 'worker.history', checked: 'history complete' },
        look: async () => {
          const frontier = await readFrontier((await database()).db, name);
          return frontier && judgeCompleteness(name, frontier, config.startSlot);
        },
      },
      {
        ...base,
        ...{ id: 'worker.version', checked: 'version of documents' },
        look: async () => {
          const { db } = await database();
          const needed = await readReplayNeeded(db, name, version);
          return judgeVersion(name, { needed, replay: await readReplay(db, name) }, version);
        },
      },
    ];
  });
}

/** A collection of ours that cannot be read. */
export function unread({ message }: { readonly message: string }): Judgement {
  return fail(message, 'See the lines of the database here; its user must be able to read MONGODB_DATABASE.');
}
