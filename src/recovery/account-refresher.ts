import type { mongo } from 'mongoose';
import type { AccountInfo, ChainPort } from '../chain/chain-port.js';
import { RpcError } from '../chain/rpc-error.js';
import type { ProgramCodec } from '../decoding/types.js';
import { stateModels, type DomainModule } from '../domain-kit/domain-module.js';
import type { AskAgain } from '../lib/ask-again.js';
import type { Clock } from '../lib/clock.js';
import { appendReceived } from '../ledger/append-records.js';
import { deadLetters } from '../ledger/dead-letter.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { addressOfObservation, observationId, runHandler, touchesOf } from '../pipeline/run-handler.js';
import { wakeHolder } from '../pipeline/wake-signal.js';
import { witnessesNeeded } from './witnesses.js';

/** Transactions whose accounts are read in one pass. */
const LETTERS_PER_PASS = 20;

interface RefresherDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly chain: Pick<ChainPort, 'accounts' | 'slot'>;
  /** Every endpoint alone: one says of an account that it is gone, and others have to agree. */
  readonly members: readonly { readonly chain: Pick<ChainPort, 'accounts'> }[];
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
      const record = await observe(
        db,
        module,
        codec,
        address,
        accounts[position] ?? null,
        contextSlot,
        new Date(clock.now()),
      );
      if (record) records.push(record);
    }
    if (!(await areAbsent(members, codec.programId, records, contextSlot))) {
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

/**
 * A missing account is only a suspicion until every endpoint was asked, at the same slot or later: two have to lack it,
 * where there are two, and one that has it outweighs all others (I5).
 */
async function areAbsent(
  members: RefresherDependencies['members'],
  programId: string,
  records: readonly LedgerRecord[],
  slot: number,
): Promise<boolean> {
  const missing = records.filter(({ data }) => data === null).map(({ _id }) => addressOfObservation(_id));
  if (missing.length === 0) return true;
  const opinions = await Promise.all(
    members.map(async ({ chain }) => {
      try {
        const { contextSlot, accounts } = await chain.accounts(missing, 'finalized', slot);
        if (contextSlot < slot) return 'unknown';
        return accounts.every((account) => account?.owner !== programId) ? 'absent' : 'present';
      } catch (error) {
        if (error instanceof RpcError) return 'unknown';
        throw error;
      }
    }),
  );
  const absent = opinions.filter((opinion) => opinion === 'absent').length;
  return !opinions.includes('present') && absent >= witnessesNeeded(members.length);
}

/** What an account says; null when that can be about no document of ours. */
async function observe(
  db: mongo.Db,
  module: DomainModule,
  codec: ProgramCodec,
  address: string,
  account: AccountInfo | null,
  slot: number,
  now: Date,
): Promise<LedgerRecord | null> {
  if (account?.owner === codec.programId) {
    const decoded = codec.at(slot).decodeAccount(account.data);
    if (!decoded.ok || !module.accounts[decoded.name]) return null;
    const record = observation(module, address, slot, now, decoded.name, decoded.data, account.data, []);
    const outcome = runHandler(module, record);
    return outcome.ok ? { ...record, touches: touchesOf(outcome.writes) } : null;
  }
  const standing = await standingDocuments(db, module, address);
  // Of an account that is gone nothing tells which kind it was: an older event that comes late may say it.
  const touches = standing.length > 0 || account !== null ? standing : touchesOfAnyKind(module, address);
  return touches.length === 0 ? null : observation(module, address, slot, now, '', null, new Uint8Array(), touches);
}

/** The documents at this address, closed ones included. */
async function standingDocuments(db: mongo.Db, module: DomainModule, address: string): Promise<string[]> {
  const touches: string[] = [];
  for (const model of stateModels(module)) {
    const one = { [model.keyField]: address } as mongo.Filter<mongo.Document>;
    if (await db.collection(model.collection).findOne(one)) touches.push(touchOf(model.collection, address));
  }
  return touches;
}

function touchesOfAnyKind(module: DomainModule, address: string): string[] {
  return stateModels(module).map(({ collection }) => touchOf(collection, address));
}

function observation(
  module: DomainModule,
  address: string,
  slot: number,
  now: Date,
  name: string,
  data: unknown,
  raw: Uint8Array,
  touches: readonly string[],
): LedgerRecord {
  return {
    _id: observationId(address, slot),
    kind: 'observation',
    program: module.name,
    signature: '',
    slot,
    index: 0,
    place: 0,
    name,
    data,
    raw,
    touches,
    of: 1,
    state: 'received',
    commitment: 'finalized',
    source: 'account',
    seenAs: 'finalized',
    generation: 0,
    attempts: 0,
    error: null,
    seenAt: now,
    appliedAt: null,
    finalizedAt: now,
    finalityDueAt: now,
    nextAttemptAt: null,
    blockhash: null,
    blockTime: null,
    disputed: false,
  };
}
