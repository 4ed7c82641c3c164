import type { mongo } from 'mongoose';
import type { ChainPort } from '../chain/chain-port.js';
import type { ProgramCodec } from '../decoding/types.js';
import { THAT_COUNT } from '../domain-kit/document-mark.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { StateModel } from '../domain-kit/model.js';
import type { StateWrite } from '../domain-kit/writes.js';
import { readingOf } from './account-reading.js';
import type { Finding } from './audit-report.js';
import type { MirroredFields } from './merge-findings.js';
import { compareWithAccount } from './diff-accounts.js';
import { mirroredFields } from './mirrored-fields.js';
import { readDocuments } from './stored-documents.js';

/** What one witness found among how many documents that exist or should exist. */
export interface Testimony {
  readonly documents: number;
  readonly findings: readonly Finding[];
  readonly mirrored: MirroredFields;
  /** Collections of state documents that no account handler fills: this witness says nothing of them. */
  readonly notMirrored: readonly string[];
  /** Addresses of accounts that say nothing: their IDL or their handler is another one's. */
  readonly unreadable: ReadonlySet<string>;
}

/**
 * Compares every state document with the account it mirrors, field by field.
 * @throws RpcError when the chain does not answer: an audit that could not look has found nothing out (I5).
 */
export async function auditAgainstChain(
  db: mongo.Db,
  chain: Pick<ChainPort, 'programAccounts'>,
  module: DomainModule,
  codec: ProgramCodec,
): Promise<Testimony> {
  const expected = new Map<StateModel, Map<string, StateWrite>>();
  const mirrored = new Map<string, Set<string>>();
  const findings: Finding[] = [];
  const unreadable = new Set<string>();
  for (const type of Object.keys(module.accounts)) {
    const discriminator = codec.accountDiscriminator(type);
    if (!discriminator) continue;
    const listed = await chain.programAccounts(codec.programId, { discriminator }, 'confirmed');
    for (const { address, ...account } of listed.accounts) {
      const { write, isUnreadable } = readingOf(module, codec, address, account, listed.contextSlot);
      if (isUnreadable) unreadable.add(address);
      if (!write) continue;
      const ofModel = expected.get(write.model) ?? new Map<string, StateWrite>();
      expected.set(write.model, ofModel.set(write.key, write));
      const names = mirrored.get(write.model.collection) ?? new Set<string>();
      mirrored.set(write.model.collection, names);
      for (const name of Object.keys(write.patch)) names.add(name);
    }
  }

  const known = new Set([...mirroredFields(module, codec).keys(), ...expected.keys()]);
  const notMirrored: string[] = [];
  let documents = 0;
  for (const model of module.models) {
    if (model.kind !== 'state') continue;
    if (!known.has(model)) {
      notMirrored.push(model.collection);
      documents += await db.collection(model.collection).countDocuments(THAT_COUNT);
      continue;
    }
    if (!mirrored.has(model.collection)) mirrored.set(model.collection, new Set());
    const wanted = expected.get(model) ?? new Map<string, StateWrite>();
    documents += wanted.size;
    const unseen = new Set(wanted.keys());
    for await (const batch of readDocuments(db, model)) {
      for (const document of batch) {
        unseen.delete(document.key);
        const account = wanted.get(document.key) ?? null;
        if (!account) documents += 1;
        // There is one, whatever it says: its document is neither right nor an orphan.
        if (unreadable.has(document.key)) continue;
        findings.push(...compareWithAccount(module, model, document.key, document, account));
      }
    }
    for (const key of unseen) findings.push(...compareWithAccount(module, model, key, null, wanted.get(key) ?? null));
  }
  return { documents, findings, mirrored, notMirrored, unreadable };
}
