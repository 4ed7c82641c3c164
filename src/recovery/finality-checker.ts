import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { inLeaseTransaction } from '../leases/lease-transaction.js';
import { StaleFenceError, touchLease } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { ledgerEvents, recordFrom, type StoredRecord } from '../ledger/ledger-collections.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { markFinalized } from '../ledger/mark-records.js';
import { judgeFinality, type FinalityVerdict } from './judge-finality.js';
import { proveDropped } from './prove-dropped.js';
import { breakTies } from './tie-breaker.js';
import {
  relandTransaction,
  rollbackTransaction,
  type Correction,
  type RecoveryDependencies,
} from './settle-transaction.js';

/** getSignatureStatuses takes at most this many signatures a call. */
const STATUSES_PER_CALL = 256;
/** Records read per pass: a few calls' worth, so that a backlog after an outage is worked off in bites. */
const RECORDS_PER_PASS = 4 * STATUSES_PER_CALL;
/**
 * This many suspects in one pass, and most of what was asked: that is no reorg but an endpoint that tells nonsense
 * (another cluster, an empty history). Nothing is rolled back then.
 */
const MASS_SUSPICION = 20;

/** What the finality checker needs, and who hears of its verdicts. */
export interface FinalityDependencies extends RecoveryDependencies {
  readonly chain: ChainPort;
  readonly log: Log;
  /** After the commit. Must not throw. */
  readonly onFinalized: (module: DomainModule, records: readonly LedgerRecord[]) => void;
  readonly onCorrected: (module: DomainModule, correction: Correction) => void;
  readonly onMassSuspicion: (module: DomainModule, suspects: number) => void;
}

interface HeldTransaction {
  readonly signature: string;
  readonly slot: number;
  readonly records: readonly LedgerRecord[];
}

/**
 * Moves events from confirmed to finalized, or rolls back what a fork dropped. What is due is read from the ledger
 * each time, so a restart loses nothing. Returns how many transactions found their end.
 */
export async function checkFinality(
  dependencies: FinalityDependencies,
  work: LeaseWork,
  module: DomainModule,
): Promise<number> {
  const { chain, log } = dependencies;
  const finalizedSlot = await chain.slot('finalized');
  const due = await readDue(dependencies.db, module.name, finalizedSlot, new Date(dependencies.clock.now()));
  const verdicts: { readonly held: HeldTransaction; readonly verdict: FinalityVerdict }[] = [];
  for (let start = 0; start < due.length; start += STATUSES_PER_CALL) {
    const chunk = due.slice(start, start + STATUSES_PER_CALL);
    const { statuses } = await chain.signatureStatuses(chunk.map(({ signature }) => signature));
    chunk.forEach((held, position) => {
      verdicts.push({ held, verdict: judgeFinality(held.slot, statuses[position] ?? null, finalizedSlot) });
    });
  }
  const having = (wanted: FinalityVerdict) =>
    verdicts.filter(({ verdict }) => verdict === wanted).map(({ held }) => held);

  // The slot is right, but another version was announced for it too: only the transaction itself tells which is true.
  const isDisputed = ({ records }: HeldTransaction) => records.some((record) => record.disputed);
  // What is still to be applied has no place among the others yet: the tie-breaker would look at it too early.
  const isWaiting = ({ records }: HeldTransaction) => records.some(({ state }) => state === 'received');
  const clear = having('final').filter((held) => !isDisputed(held) && !isWaiting(held));
  const openSlots = await breakTies(
    dependencies,
    work,
    module,
    clear.flatMap(({ records }) => records),
  );
  if (openSlots.size > 0) log.warn({ slots: [...openSlots] }, 'the order within these slots is not known yet');
  const finals = clear.filter(({ slot }) => !openSlots.has(slot));
  const unsure = [...having('elsewhere'), ...having('final').filter(isDisputed)];
  await finalize(dependencies, work, module, finals);
  const ended = finals.length + (await reland(dependencies, work, module, unsure));
  return ended + (await tryOrphans(dependencies, work, module, having('suspect'), verdicts.length));
}

async function finalize(
  { db, clock, onFinalized }: FinalityDependencies,
  work: LeaseWork,
  module: DomainModule,
  finals: readonly HeldTransaction[],
): Promise<void> {
  if (finals.length === 0) return;
  const records = finals.flatMap((final) => final.records);
  await work.exclusive(() =>
    inLeaseTransaction(db, work.lease, async (session) => {
      await markFinalized(db, session, records, new Date(clock.now()));
      await touchLease(db, work.lease, session);
    }),
  );
  // One that was dead when it was final, and was revived since, was announced then (I7).
  const news = records.filter(({ finalizedAt }) => finalizedAt === null);
  if (news.length > 0) onFinalized(module, news);
}

async function reland(
  dependencies: FinalityDependencies,
  work: LeaseWork,
  module: DomainModule,
  unsure: readonly HeldTransaction[],
): Promise<number> {
  let ended = 0;
  for (const { signature } of unsure) {
    try {
      const correction = await relandTransaction(dependencies, work, module, signature, 'finalized');
      if (!correction) continue;
      ended += 1;
      dependencies.onCorrected(module, correction);
    } catch (error) {
      if (error instanceof StaleFenceError) throw error;
      dependencies.log.warn({ signature, error: messageOf(error) }, 're-landing failed; trying again');
    }
  }
  return ended;
}

async function tryOrphans(
  dependencies: FinalityDependencies,
  work: LeaseWork,
  module: DomainModule,
  suspects: readonly HeldTransaction[],
  asked: number,
): Promise<number> {
  const { chain, log } = dependencies;
  if (suspects.length >= MASS_SUSPICION && suspects.length * 2 > asked) {
    log.error(
      { program: module.name, suspects: suspects.length, asked },
      'the endpoint does not know most of what was confirmed; nothing is rolled back. Is SOLANA_RPC_URL the right cluster?',
    );
    dependencies.onMassSuspicion(module, suspects.length);
    return 0;
  }
  let ended = 0;
  for (const { signature, slot } of suspects) {
    try {
      const proof = await proveDropped(chain, signature, slot);
      if (proof.kind !== 'dropped') {
        log.warn({ signature, slot, proof }, 'suspect transaction: no proof that it was dropped, so it stays');
        continue;
      }
      const reason = `dropped by a fork (${proof.how})`;
      const correction = await rollbackTransaction(dependencies, work, module, { signature, slot }, reason);
      log.warn(
        { signature, slot, how: proof.how, events: correction.orphaned.length },
        'reorg: transaction rolled back',
      );
      dependencies.onCorrected(module, correction);
      ended += 1;
    } catch (error) {
      if (error instanceof StaleFenceError) throw error;
      log.warn({ signature, slot, error: messageOf(error) }, 'suspect transaction: the chain could not be asked');
    }
  }
  return ended;
}

/**
 * A page of records by slot, completed where its limit cut through a slot: a transaction is judged and announced as a
 * whole, once (I7).
 */
async function withRestOfLastSlot(
  db: mongo.Db,
  program: string,
  page: readonly StoredRecord[],
): Promise<readonly StoredRecord[]> {
  const last = page.at(-1);
  if (page.length < RECORDS_PER_PASS || !last) return page;
  const lastSlot = await ledgerEvents(db)
    .find({ program, commitment: 'confirmed', kind: 'event', slot: Number(last.slot) })
    .toArray();
  return [...page.filter(({ slot }) => slot !== last.slot), ...lastSlot];
}

/**
 * Transactions whose finality is due: their slot is final by now, or they have waited long enough. Those that are
 * still to be applied are asked about as well: they may be untrue like any other.
 */
async function readDue(db: mongo.Db, program: string, finalizedSlot: number, now: Date): Promise<HeldTransaction[]> {
  const stored = await ledgerEvents(db)
    .find({
      program,
      commitment: 'confirmed',
      kind: 'event',
      $or: [{ slot: { $lte: finalizedSlot } }, { finalityDueAt: { $lte: now } }],
    })
    .sort({ slot: 1 })
    .limit(RECORDS_PER_PASS)
    .toArray();
  const groups = new Map<string, HeldTransaction & { records: LedgerRecord[] }>();
  for (const record of (await withRestOfLastSlot(db, program, stored)).map(recordFrom)) {
    const key = `${record.signature}@${record.slot}`;
    const group = groups.get(key) ?? { signature: record.signature, slot: record.slot, records: [] };
    group.records.push(record);
    groups.set(key, group);
  }
  return [...groups.values()];
}
