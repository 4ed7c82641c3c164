import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import { confirmAbsence, ownedBy, type AbsenceWitness } from '../chain/confirm-absence.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { AskAgain } from '../lib/ask-again.js';
import type { Clock } from '../lib/clock.js';
import { appendReceived } from '../ledger/append-records.js';
import { deadLetters } from '../ledger/dead-letter.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { observeAccount } from '../pipeline/observe-account.js';
import { addressOfObservation } from '../pipeline/run-handler.js';
import { wakeHolder } from '../pipeline/wake-signal.js';

/** Transactions whose accounts are read in one pass. */
const LETTERS_PER_PASS = 20;

interface RefresherDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly chain: Pick<ChainPort, 'accounts' | 'slot'>;
  /** Every endpoint alone: one says of an account that it is gone, and others have to agree. */
  readonly members: readonly AbsenceWitness[];
  /** Those of which nothing is certain are asked about again ever more rarely, and hold nobody else up. */
  readonly later: AskAgain;
}

/**
 * Reads the accounts of transactions whose log was cut off, and keeps what they say as observations (TRAPS 2): also
 * where the documents say the same, for they may say it by events that a fork takes back, and older ones may come late
 * (a long sweep or a backfill begins with the newest) and say otherwise. At finalized only: a finalized observation never
 * has to be taken back. Returns how many transactions were completed this way.
 */
export async function refreshAccounts(
  { db, clock, chain, members, later }: RefresherDependencies,
  module: DomainModule,
  codec: ProgramCodec,
): Promise<number> {
  const open = await deadLetters(db)
    .find({
      ...{ _id: { $nin: later.waiting() }, program: module.name },
      ...{ reason: 'log-truncated', 'refresh.0': { $exists: true } },
    })
    .sort({ slot: 1 })
    .limit(LETTERS_PER_PASS)
    .toArray();
  if (open.length === 0) return 0;
  const finalizedSlot = await chain.slot('finalized');
  let completed = 0;
  for (const letter of open) {
    const slot = Number(letter.slot);
    if (slot > finalizedSlot) continue;
    const addresses = (letter.refresh as string[]).map(String);
    const asked = chain.accounts(addresses, 'finalized', slot);
    const { contextSlot, accounts } = await asked.catch((error: unknown) => {
      later.failed(letter._id);
      throw error;
    });
    // A node that ignores minContextSlot may answer from before the transaction: that says nothing.
    if (contextSlot < slot) {
      later.failed(letter._id);
      continue;
    }
    const records: LedgerRecord[] = [];
    for (const [position, address] of addresses.entries()) {
      const account = accounts[position] ?? null;
      const record = await observeAccount(db, module, codec, address, account, contextSlot, new Date(clock.now()));
      if (record) records.push(record);
    }
    const gone = records.filter(({ data }) => data === null).map(({ _id }) => addressOfObservation(_id));
    if ((await confirmAbsence(members, ownedBy(codec.programId), gone, contextSlot)).size < gone.length) {
      later.failed(letter._id);
      continue;
    }
    later.succeeded(letter._id);
    await appendReceived(db, records);
    if (records.length > 0) await wakeHolder(db, module.name);
    await deadLetters(db).updateOne({ _id: letter._id }, { $set: { refresh: [], resolvedAt: new Date(clock.now()) } });
    completed += 1;
  }
  return completed;
}
