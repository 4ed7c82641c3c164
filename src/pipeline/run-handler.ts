import { modelsEndingWithAccount, writesOfAccount, type DomainModule } from '../domain-kit/domain-module.js';
import { close, type Write } from '../domain-kit/writes.js';
import { messageOf } from '../lib/errors.js';
import { touchOf, type LedgerRecord } from '../ledger/ledger-record.js';
import { OBSERVATION_REVISION, orderKey } from '../ledger/order-key.js';
import type { Step } from './fold.js';

/** What a handler made of a record. */
export type HandlerOutcome =
  { readonly ok: true; readonly writes: readonly Write[] } | { readonly ok: false; readonly error: string };

/** What a handler needs of a record, before or after it is in the ledger. */
export type HandledRecord = Pick<LedgerRecord, '_id' | 'kind' | 'name' | 'signature' | 'slot' | 'data'> & {
  readonly touches?: readonly string[];
};

/** Runs the module's handler for a record. Handlers are pure and may throw; this never does. */
export function runHandler(module: DomainModule, record: HandledRecord): HandlerOutcome {
  try {
    const writes = record.kind === 'event' ? runEvent(module, record) : runObservation(module, record);
    const isList: boolean = Array.isArray(writes);
    return isList ? { ok: true, writes } : { ok: false, error: `the handler of ${record.name} gave no list of writes` };
  } catch (error) {
    return { ok: false, error: messageOf(error) };
  }
}

/** `<collection>:<key>` of every state document that these writes change. */
export function touchesOf(writes: readonly Write[]): string[] {
  const touches = writes.flatMap((write) =>
    write.kind === 'fact' ? [] : [touchOf(write.model.collection, write.key)],
  );
  return [...new Set(touches)];
}

/** The step that one write of a record is in the history of its document. */
export function stepOf(record: LedgerRecord, write: Exclude<Write, { kind: 'fact' }>): Step {
  const revision = record.kind === 'observation' ? OBSERVATION_REVISION : write.revision;
  return { at: orderKey(record, revision), id: record._id, write };
}

function runEvent(module: DomainModule, record: HandledRecord): readonly Write[] {
  const handler = module.events[record.name];
  if (!handler) throw new Error(`no handler for event ${record.name} in module ${module.name}`);
  const { _id: id, name, signature, slot, data } = record;
  return handler({ id, name, signature, slot, data });
}

/** An account that is gone closes every document that mirrored it; those are what the record touches. */
function runObservation(module: DomainModule, record: HandledRecord): readonly Write[] {
  const address = addressOfObservation(record._id);
  if (record.data === null) {
    return modelsEndingWithAccount(module)
      .filter((model) => record.touches?.includes(touchOf(model.collection, address)))
      .map((model) => close(model, address));
  }
  const handler = module.accounts[record.name];
  if (!handler) throw new Error(`no handler for account ${record.name} in module ${module.name}`);
  return writesOfAccount(handler(address, record.data));
}

/** The id of an observation: one per account and slot. */
export function observationId(address: string, slot: number): string {
  return `account/${address}/${slot}`;
}

/** The address in the id of an observation. */
export function addressOfObservation(id: string): string {
  return id.split('/')[1] ?? '';
}
