import type { PoolView } from '../chain/rpc-pool.js';
import { preferredFirst } from '../chain/rpc-pool.js';
import { TransactionFetcher } from '../chain/transaction-fetcher.js';
import { readFrontier } from '../ledger/frontier.js';
import { walkSpan } from '../recovery/walk-span.js';
import { listDeadItems } from '../ledger/dead-items.js';
import { createIngest } from './create-ingest.js';
import { createDeadLetterRetrying } from './dead-letter-retrying.js';
import type { Foundation, InstalledModule } from './foundation.js';
import { settingsOf } from './settings-of.js';

/** Parked transactions that are asked for once more in a pass: each may take the whole patience of its fetch. */
const PARKED_AT_ONCE = 200;

/** What became of a look at a program's whole history. */
export type RecoverOutcome =
  | { readonly kind: 'complete'; readonly recovered: number }
  | { readonly kind: 'incomplete'; readonly recovered: number; readonly why: string };

/**
 * Walks a program's finalized history from where it begins to the frontier, once, and takes in what the ledger has lost:
 * facts, which have no account, come back by this alone. What nobody could give when it was asked for is asked for once more.
 * What it costs is a request for a thousand transactions, and one for each that the ledger lacks.
 */
export async function recoverHistory(
  foundation: Foundation,
  installed: InstalledModule,
  view: PoolView,
  signal: AbortSignal,
): Promise<RecoverOutcome> {
  const { config, mongo, log, machine } = foundation;
  const { historyPageSize: pageSize } = settingsOf(config, installed.module);
  const { clock, random } = machine;
  const frontier = await readFrontier(mongo.db, installed.module.name);
  if (!frontier) return { kind: 'incomplete', recovered: 0, why: 'no history was scanned yet' };
  if (!(frontier.since <= frontier.slot)) {
    return {
      kind: 'incomplete',
      recovered: 0,
      why: `the frontier makes no sense: from ${frontier.since} to ${frontier.slot}`,
    };
  }
  const fetcher = new TransactionFetcher({ chain: view.chain, history: view.chain, clock, random });
  const ingest = createIngest(foundation, installed, fetcher);
  let recovered = await retryParked(foundation, installed.module.name, signal);
  try {
    const [endpoint] = preferredFirst(view);
    if (!endpoint) return { kind: 'incomplete', recovered, why: 'there is no endpoint to walk on' };
    const outcome = await walkSpan({ db: mongo.db, log, ingest, signal, pageSize }, installed.module, endpoint, {
      span: { fromSlot: frontier.since, toSlot: frontier.slot },
      startAt: null,
      source: 'sweep',
      onDurable: (_, counts) => {
        recovered += counts.found;
        return Promise.resolve();
      },
    });
    if (outcome.kind === 'walked') return { kind: 'complete', recovered };
    return { kind: 'incomplete', recovered, why: `${outcome.reason}: ${outcome.detail}` };
  } finally {
    fetcher.stop();
  }
}

/** Transactions that no endpoint had, or had no logs of, at the time. Returns how many are in the ledger now. */
async function retryParked(foundation: Foundation, program: string, signal: AbortSignal): Promise<number> {
  const filter = { programs: [program], reason: 'unavailable', kind: 'letter', closed: false } as const;
  const parked = await listDeadItems(foundation.mongo.db, filter, PARKED_AT_ONCE, null);
  if (parked.length === 0) return 0;
  const retrying = createDeadLetterRetrying(foundation);
  let recovered = 0;
  try {
    for (const { id } of parked) {
      if (signal.aborted) break;
      if ((await retrying.retry(id)).kind === 'recovered') recovered += 1;
    }
  } finally {
    retrying.stop();
  }
  return recovered;
}
