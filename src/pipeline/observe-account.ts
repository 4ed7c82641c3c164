import type { mongo } from 'mongoose';
import type { AccountInfo } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { modelsEndingWithAccount, type DomainModule } from '../domain-kit/domain-module.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { observationId, runHandler, touchesOf } from './run-handler.js';

/**
 * The record of an account as it was read at a finalized slot, null = there is none at that address; null when that can be
 * about no document of ours. A finalized observation never has to be taken back.
 */
export async function observeAccount(
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
  for (const model of modelsEndingWithAccount(module)) {
    const one = { [model.keyField]: address } as mongo.Filter<mongo.Document>;
    if (await db.collection(model.collection).findOne(one)) touches.push(touchOf(model.collection, address));
  }
  return touches;
}

function touchesOfAnyKind(module: DomainModule, address: string): string[] {
  return modelsEndingWithAccount(module).map(({ collection }) => touchOf(collection, address));
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
