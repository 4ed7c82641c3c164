import { readFrontier } from '../../ledger/frontier.js';
import type { Check } from '../../ops/doctor/check.js';
import {
  failUnread,
  judgeAccountList,
  judgeAnswers,
  judgeBatches,
  judgeBatchFailure,
  judgeHead,
  judgeHealth,
  judgeHistory,
  judgeNoAccountList,
  judgeNoSocket,
  judgeSameChain,
  judgeSocket,
  type HistoryReading,
} from '../../ops/doctor/judge-endpoint.js';
import { readBoundChain } from '../../store/chain-identity.js';
import { askBatch, askHealth, askVersion, listAccounts, watchHead } from './endpoint-questions.js';
import { LIST_LIMIT_MS, QUESTION_LIMIT_MS } from './limits.js';
import { once } from './once.js';
import { distinctNames } from './open-endpoints.js';
import { soon } from './soon.js';
import { trySocket } from './try-socket.js';
import type { Visit, VisitedEndpoint } from './visit.js';

/** The key of the check that an endpoint answers at all. */
export const answersKey = (name: string): string => `chain.answers ${name}`;

/** What is asked of each RPC endpoint and each WebSocket. */
export function chainChecks(visit: Visit): Check[] {
  const bound = once(() =>
    soon(
      visit.machine.clock,
      visit.database().then(({ db }) => readBoundChain(db)),
      null,
    ),
  );
  const frontiers = once(() => soon(visit.machine.clock, readFrontiers(visit), []));
  return [...visit.endpoints.flatMap((one) => endpointChecks(visit, one, bound, frontiers)), ...socketChecks(visit)];
}

function endpointChecks(
  visit: Visit,
  one: VisitedEndpoint,
  bound: () => Promise<string | null>,
  frontiers: () => Promise<HistoryReading['frontiers']>,
): Check[] {
  const { config, machine, endpoints } = visit;
  const { clock } = machine;
  const { name, endpoint, chain } = one;
  const others = endpoints.filter((other) => other !== one);
  const base = { group: 'chain', subject: name, limitMs: QUESTION_LIMIT_MS, whenUnread: failUnread } as const;
  const further = { ...base, needs: [answersKey(name)] };
  return [
    {
      ...base,
      ...{ id: 'chain.answers', checked: 'answers' },
      look: async () => judgeAnswers(await askVersion(endpoint, clock)),
    },
    {
      ...further,
      ...{ id: 'chain.health', checked: 'healthy' },
      look: async () => judgeHealth(await askHealth(endpoint)),
    },
    {
      ...further,
      ...{ id: 'chain.genesis', checked: 'same chain', limitMs: 2 * QUESTION_LIMIT_MS },
      look: async () => {
        const own = await one.genesis();
        const hashes = others.map(async ({ name, genesis }) => ({
          name,
          hash: await soon(visit.machine.clock, genesis(), null),
        }));
        return judgeSameChain({ own, others: await Promise.all(hashes), bound: await bound() });
      },
    },
    {
      ...further,
      ...{ id: 'chain.head', checked: 'follows the chain', limitMs: 2 * QUESTION_LIMIT_MS },
      look: async () => {
        const heads = others.map(async ({ name, head }) => ({
          name,
          slot: await soon(visit.machine.clock, head(), -1),
        }));
        const [watched, ...shown] = await Promise.all([watchHead(chain, await one.head(), clock), ...heads]);
        const [best] = shown.filter(({ slot }) => slot >= 0).sort((a, b) => b.slot - a.slot);
        return judgeHead({ ...watched, best: best ?? null });
      },
    },
    {
      ...further,
      ...{ id: 'chain.history', checked: 'history', limitMs: 2 * QUESTION_LIMIT_MS },
      look: async () => {
        const oldest = await one.oldestBlock();
        const elsewhere = await Promise.all(
          others.map((other) => soon(visit.machine.clock, other.oldestBlock(), oldest)),
        );
        return judgeHistory({
          ...{ oldest, oldestAnywhere: Math.min(oldest, ...elsewhere), startSlot: config.startSlot },
          frontiers: await frontiers(),
        });
      },
    },
    {
      ...further,
      ...{ id: 'chain.accounts', checked: 'lists accounts', limitMs: LIST_LIMIT_MS, whenUnread: judgeNoAccountList },
      look: async () => {
        const wanted = accountTypeOf(visit);
        if (!wanted) return null;
        const { length } = await listAccounts(endpoint, wanted.programId, wanted.discriminator);
        return judgeAccountList({ name: wanted.name, count: length });
      },
    },
    {
      ...further,
      ...{ id: 'chain.batches', checked: 'takes batches', whenUnread: judgeBatchFailure },
      look: async () => judgeBatches({ refusal: await askBatch(endpoint), batchSize: config.rpcBatchSize }),
    },
  ];
}

function socketChecks({ config, machine, wsUrls, modules }: Visit): Check[] {
  const names = distinctNames(wsUrls);
  const programIds = modules.map(({ codec }) => codec.programId);
  return wsUrls.map((url, position) => ({
    ...{ id: 'chain.socket', group: 'chain', subject: names[position] ?? '', checked: 'socket' },
    ...{ limitMs: 2 * QUESTION_LIMIT_MS, whenUnread: failUnread },
    look: async () =>
      config.source === 'polling' ? judgeNoSocket() : judgeSocket(await trySocket(url, programIds, machine)),
  }));
}

/** The first account type of the first program that has one. */
function accountTypeOf({ modules }: Visit) {
  for (const { codec } of modules) {
    for (const name of codec.accountNames) {
      const discriminator = codec.accountDiscriminator(name);
      if (discriminator) return { programId: codec.programId, name, discriminator };
    }
  }
  return null;
}

async function readFrontiers({ database, modules }: Visit): Promise<HistoryReading['frontiers']> {
  const { db } = await database();
  const read = modules.map(async ({ module }) => ({
    program: module.name,
    frontier: await readFrontier(db, module.name),
  }));
  return (await Promise.all(read)).flatMap(({ program, frontier }) => (frontier ? [{ program, ...frontier }] : []));
}
