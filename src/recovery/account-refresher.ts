import type { mongo } from 'mongoose';
import type { AccountInfo, ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { diffFields } from '../domain-kit/diff-document.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { FieldValue } from '../domain-kit/field.js';
import type { StateModel } from '../domain-kit/model.js';
import type { Clock } from '../lib/clock.js';
import { fromStored } from '../lib/stored-value.js';
import { appendReceived } from '../ledger/append-records.js';
import { deadLetters } from '../ledger/dead-letter.js';
import { ledgerEvents } from '../ledger/ledger-collections.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { addressOfObservation, observationId, runHandler, touchesOf } from '../pipeline/run-handler.js';
import { wakeHolder } from '../pipeline/wake-signal.js';

/** Transactions whose accounts are read in one pass. */
const LETTERS_PER_PASS = 20;

interface RefresherDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly chain: Pick<ChainPort, 'accounts' | 'slot'>;
}

/**
 * Reads the accounts of transactions whose log was cut off, and keeps what they say beyond the events as observations
 * (TRAPS 2). At finalized only: a finalized observation never has to be taken back. Returns how many transactions were
 * completed this way.
 */
export async function refreshAccounts(
  { db, clock, chain }: RefresherDependencies,
  module: DomainModule,
  codec: ProgramCodec,
): Promise<number> {
  const open = await deadLetters(db)
    .find({ program: module.name, reason: 'log-truncated', 'refresh.0': { $exists: true } })
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
    const { contextSlot, accounts } = await chain.accounts(addresses, 'finalized', slot);
    // A node that ignores minContextSlot may answer from before the transaction: that says nothing.
    if (contextSlot < slot) continue;
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
    if (!(await areStillAbsent(chain, codec.programId, records, contextSlot))) continue;
    await appendReceived(db, records);
    if (records.length > 0) await wakeHolder(db, module.name);
    await deadLetters(db).updateOne({ _id: letter._id }, { $set: { refresh: [], resolvedAt: new Date(clock.now()) } });
    completed += 1;
  }
  return completed;
}

/** A missing account is only a suspicion until a second look, at the same slot or later, does not find it either. */
async function areStillAbsent(
  chain: RefresherDependencies['chain'],
  programId: string,
  records: readonly LedgerRecord[],
  slot: number,
): Promise<boolean> {
  const absent = records.filter(({ data }) => data === null).map(({ _id }) => addressOfObservation(_id));
  if (absent.length === 0) return true;
  const second = await chain.accounts(absent, 'finalized', slot);
  return second.contextSlot >= slot && second.accounts.every((account) => account?.owner !== programId);
}

/** What an account says that its document does not; null when it says nothing new, or is no account of the program. */
async function observe(
  db: mongo.Db,
  module: DomainModule,
  codec: ProgramCodec,
  address: string,
  account: AccountInfo | null,
  slot: number,
  now: Date,
): Promise<LedgerRecord | null> {
  if (account === null || account.owner !== codec.programId) return observeAbsence(db, module, address, slot, now);
  const decoded = codec.at(slot).decodeAccount(account.data);
  if (!decoded.ok || !module.accounts[decoded.name]) return null;
  const record = observation(module, address, slot, now, decoded.name, decoded.data, account.data, []);
  const outcome = runHandler(module, record);
  const write = outcome.ok ? outcome.writes[0] : undefined;
  if (write?.kind !== 'state') return null;
  const standing = await readFields(db, write.model, address);
  const says = standing && diffFields(Object.keys(write.patch), write.patch, standing).length === 0;
  if (says && !(await mayBeTakenBack(db, touchesOf([write])))) return null;
  return { ...record, touches: touchesOf([write]) };
}

/** A document that says the same by events which are not final yet may say something else when a fork takes them. */
async function mayBeTakenBack(db: mongo.Db, touches: readonly string[]): Promise<boolean> {
  const open = { touches: { $in: [...touches] }, state: 'applied', commitment: 'confirmed' };
  return (await ledgerEvents(db).findOne(open, { projection: { _id: 1 } })) !== null;
}

async function observeAbsence(
  db: mongo.Db,
  module: DomainModule,
  address: string,
  slot: number,
  now: Date,
): Promise<LedgerRecord | null> {
  const touches: string[] = [];
  for (const model of module.models) {
    if (model.kind === 'state' && (await readFields(db, model, address)))
      touches.push(touchOf(model.collection, address));
  }
  if (touches.length === 0) return null;
  return observation(module, address, slot, now, '', null, new Uint8Array(), touches);
}

/** Owned fields of a document as values; null when there is none or it is a tombstone. */
async function readFields(db: mongo.Db, model: StateModel, key: string): Promise<Record<string, FieldValue> | null> {
  const document = await db
    .collection(model.collection)
    .findOne({ [model.keyField]: key } as mongo.Filter<mongo.Document>);
  if (!document || (document._mooring as { closed?: boolean } | undefined)?.closed) return null;
  return Object.fromEntries(Object.keys(model.fields).map((name) => [name, fromStored(document[name]) as FieldValue]));
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
