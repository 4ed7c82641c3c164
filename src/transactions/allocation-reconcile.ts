import type { mongo } from 'mongoose';
import { StaleFenceError } from '../leases/lease.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { giveIndexBack, type IndexCounter } from './index-counter.js';
import { oddityOf, staleWishMs } from './judge-request.js';
import { isSameRow, judgeRow, type RowJudgement } from './judge-row.js';
import type { ManagedTransaction } from './managed-transaction.js';
import { mayGiveBack } from './give-back.js';
import { readOldestOpen } from './read-signer-requests.js';
import { readRow, readRowNames } from './read-rows.js';
import type { Replanner } from './replanner.js';
import type { SignerWriter } from './signer-writer.js';

interface AllocationReconcileDeps {
  readonly db: mongo.Db;
  readonly writer: Pick<SignerWriter, 'change'>;
  readonly replanner: Pick<Replanner, 'numbers'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Has the chain asked again at the next request of this row. */
  readonly forget: (row: string) => void;
}

/** A row from which is taken all the time is read anew so often before it waits for the next pass. */
const TRIES = 5;
const LOOKED_AT = 1_000;

/**
 * Compares the rows of numbers of a signer with the chain and with its requests, and puts right what does not fit; reports
 * requests that cannot be as they are, and wishes that nobody did. Runs under the signer's lease: see `judgeRow`.
 * @throws StaleFenceError
 */
export async function reconcileAllocations(
  deps: AllocationReconcileDeps,
  signer: string,
  ended: AbortSignal,
): Promise<void> {
  const { db, log } = deps;
  for (const name of await readRowNames(db, signer)) {
    if (ended.aborted) return;
    try {
      await reconcileRow(deps, signer, name);
    } catch (error) {
      if (error instanceof StaleFenceError) throw error;
      // The chain cannot be asked, or not by this process: the next pass will.
      log.warn({ signer, row: name, error: messageOf(error) }, 'cannot compare a row of numbers with the chain now');
    }
  }
  await reportOdd(deps, signer);
}

async function reconcileRow(deps: AllocationReconcileDeps, signer: string, name: string): Promise<void> {
  const { db, replanner, clock } = deps;
  const before = await readRow(db, signer, name, clock.now());
  if (!before) return;
  const chain = await replanner.numbers(before.sample);
  for (let tries = 0; tries < TRIES; tries++) {
    const reading = await readRow(db, signer, name, clock.now());
    if (!reading) return;
    const judgement = judgeRow(reading.row, chain, reading.resting, reading.held);
    if (isSameRow(judgement.row, reading.row) || (await commit(deps, signer, reading.row, judgement, reading.sample))) {
      return;
    }
  }
}

/** False: the row moved meanwhile, and what was not written yet has to be judged again. */
async function commit(
  { writer, log, metrics, forget }: AllocationReconcileDeps,
  signer: string,
  before: IndexCounter,
  { row, repairs, givers }: RowJudgement,
  sample: ManagedTransaction,
): Promise<boolean> {
  const without = { ...row, free: row.free.filter((index) => !repairs['given-back'].includes(index)) };
  let isDone = isSameRow(before, without);
  if (!isDone) {
    await writer.change({
      ...{ id: sample.id, counter: row.id },
      decide: (_now, current) => {
        isDone = isSameRow(current, before);
        return isDone ? { transaction: null, counter: without } : null;
      },
    });
    if (!isDone) return false;
    forget(row.id);
    for (const repair of ['dropped', 'raised'] as const) {
      metrics.allocationRepairsTotal.inc({ repair }, repairs[repair].length);
    }
    const { dropped, raised } = repairs;
    const numbers = { signer, row: row.id, dropped: dropped.map(String), next: String(row.next) };
    // That others take numbers too is nothing wrong.
    if (dropped.length > 0) log.warn(numbers, 'numbers that cannot be used any more are not given out again');
    else if (raised.length > 0) log.debug(numbers, 'the chain is ahead of a row of numbers');
  }
  let expected: IndexCounter = without;
  for (const { id } of givers) {
    let given: bigint | null = null;
    await writer.change({
      ...{ id, counter: row.id },
      decide: (now, current) => {
        given = null;
        if (!now.allocation || !mayGiveBack(now, row.id) || !isSameRow(current, expected)) return null;
        const { index } = now.allocation;
        given = index;
        // Without it from now on: once more it would give back what is somebody else's by then.
        return { transaction: { ...now, allocation: null }, counter: giveIndexBack(current, index) };
      },
    });
    if (given === null) return false;
    expected = giveIndexBack(expected, given);
    metrics.allocationRepairsTotal.inc({ repair: 'given-back' });
    log.warn({ signer, row: row.id, transaction: id, index: String(given) }, 'a number that was held in vain is free');
  }
  return true;
}

async function reportOdd({ db, clock, log, metrics }: AllocationReconcileDeps, signer: string): Promise<void> {
  const open = await readOldestOpen(db, signer, LOOKED_AT);
  const nowMs = clock.now();
  let odd = 0;
  for (const request of open) {
    const oddity = oddityOf(request);
    const waitedMs = staleWishMs(request, nowMs);
    if (oddity !== null) log.error({ signer, transaction: request.id, oddity }, 'a transaction cannot be as it is');
    if (waitedMs !== null) {
      log.warn({ signer, transaction: request.id, wish: request.wish, waitedMs }, 'nobody did what an operator wants');
    }
    if (oddity !== null || waitedMs !== null) odd++;
  }
  metrics.transactionsOdd.set({ signer }, odd);
}
