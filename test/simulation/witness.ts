import { isDeepStrictEqual } from 'node:util';
import { encodeAccount } from '../../scripts/bench/encode-event.js';
import { coupons } from '../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import type { DocumentMark, OrphanMark } from '../../src/domain-kit/document-mark.js';
import { slotOfOrderKey } from '../../src/ledger/order-key.js';
import type { DocumentChange } from '../../src/pipeline/fold.js';
import { foldDocuments } from '../../src/pipeline/fold-documents.js';
import { addressOfObservation } from '../../src/pipeline/run-handler.js';
import type { Model } from '../../src/domain-kit/model.js';
import type { Cluster } from './chain/cluster.js';
import type { Journal } from './journal.js';
import type { MemoryServer } from './memory-mongo/memory-server.js';
import type { CommittedWrite } from './memory-mongo/table.js';
import { ledgerRecord, ownedPart, storedDocument, storedDocuments } from './stored.js';
import { eventsOf } from './truth.js';

/** One document that a transaction wrote. */
interface Write {
  readonly collection: string;
  readonly id: unknown;
  readonly operation: CommittedWrite['operation'];
}

/** An invariant did not hold at some step. */
export class Violation extends Error {}

const LEASE = 'program:coupons';
const RECONCILE_LEASE = 'reconcile';
const STATES = new Map(coupons.models.map((model) => [model.collection, model]));

/**
 * Watches everything that is committed and says at once where an invariant does not hold: against the cluster as it
 * truly is, and by nothing that a worker says of itself.
 */
export class Witness {
  readonly #records = new Map<string, LedgerRecord>();
  readonly #newestSlot = new Map<string, number>();
  #group: Write[] = [];
  /** Documents that somebody damaged, by touch, until they are what they should be. */
  readonly #damaged = new Set<string>();
  #isMeddling = false;
  /** Signature and slot of transactions whose logs no node kept when they were asked for. */
  readonly #keptByNobody = new Set<string>();
  violation: Violation | null = null;

  constructor(
    private readonly server: MemoryServer,
    private readonly cluster: Cluster,
    private readonly journal: Journal,
    private readonly holderNow: () => string | null,
    /** Is there a node that would have given any transaction, had it been asked with patience? */
    private readonly couldBeHad: () => boolean,
  ) {
    server.listen((collection, { id, operation }) => {
      if (this.#isMeddling) return;
      if (operation === 'delete' && collection === 'ledger_events') this.#fail('I1', `${String(id)} left the ledger`);
      this.#group.push({ collection, id, operation });
      // A commit's writes come all at once: when they are through, the group is what one transaction did.
      if (this.#group.length === 1) queueMicrotask(() => this.#lookAtGroup());
    });
  }

  /** Somebody else than a worker writes to this document: that breaks no invariant of ours. */
  meddle(touch: string, write: () => void): void {
    this.#damaged.add(touch);
    this.#isMeddling = true;
    try {
      write();
    } finally {
      this.#isMeddling = false;
    }
  }

  #fail(invariant: string, what: string): void {
    this.violation ??= new Violation(`${invariant}: ${what}`);
  }

  #lookAtGroup(): void {
    const group = this.#group;
    this.#group = [];
    const touched = new Set<string>();
    let isProjecting = false;
    const isReconciling = group.some((write) => write.collection === 'leases' && write.id === RECONCILE_LEASE);
    for (const { collection, id, operation } of group) {
      if (collection === 'ledger_events') {
        const stored = storedDocument(this.server, collection, id);
        if (!stored) continue;
        const record = ledgerRecord(stored);
        const before = this.#records.get(record._id);
        this.#records.set(record._id, record);
        this.#lookAtRecord(record, before);
        if (record.state !== 'received' || before) isProjecting ||= record.state !== before?.state;
        for (const touch of [...record.touches, ...(before?.touches ?? [])]) touched.add(touch);
      } else if (STATES.has(collection)) {
        isProjecting = true;
        const model = STATES.get(collection) as Model;
        if (model.kind === 'state') touched.add(`${collection}:${String(id)}`);
        this.#lookAtMark(model, id, isReconciling);
      } else if (collection === 'repairs') {
        // Only whoever projects takes a request away.
        isProjecting = true;
        if (operation === 'delete') this.journal.recovered('put right on request');
      } else if (collection === 'dead_letters') {
        this.#lookAtLetter(id);
      } else if (collection === 'frontiers') {
        this.#lookAtFrontier();
      }
    }
    if (isReconciling) this.#lookAtReconciled(group);
    if (isProjecting) this.#lookAtLease(group, isReconciling ? RECONCILE_LEASE : LEASE);
    this.#lookAtDocuments(touched);
  }

  /** I8: whoever reconciles does not project: it asks, it observes, and it marks orphans. */
  #lookAtReconciled(group: readonly Write[]): void {
    for (const { collection, id, operation } of group) {
      const isAsking = collection === 'repairs' && operation !== 'delete';
      const isObserving = collection === 'ledger_events' && this.#records.get(String(id))?.state === 'received';
      const isMarking = STATES.has(collection) && operation === 'update' && this.#markOf(collection, id) !== null;
      const isItsOwn = ['reconcile_runs', 'leases', 'alerts'].includes(collection);
      if (!(isAsking || isObserving || isMarking || isItsOwn)) {
        this.#fail('I8', `reconcile wrote past the projection: ${operation} of ${collection} ${String(id)}`);
      }
    }
  }

  #markOf(collection: string, id: unknown): OrphanMark | null {
    const stored = storedDocument(this.server, collection, id);
    return (stored?.['_mooring'] as DocumentMark | undefined)?.orphaned ?? null;
  }

  /** I5: what is marked as orphaned has truly no account, or no event, as of the mark. */
  #lookAtMark(model: Model, id: unknown, isNew: boolean): void {
    const mark = this.#markOf(model.collection, id);
    if (!mark) return;
    if (isNew) this.journal.recovered('marked as orphaned');
    const key = String(id);
    if (model.kind === 'state' && !this.#wasGone(key, mark.slot)) {
      this.#fail(
        'I5',
        `${model.collection} ${key} is marked as orphaned as of slot ${mark.slot}, where it has an account`,
      );
    }
    if (model.kind === 'fact' && this.#records.get(key)?.state === 'applied') {
      this.#fail('I5', `${model.collection} ${key} is marked as orphaned, and its event is applied`);
    }
  }

  /** I8: whoever projects, or reconciles, holds the lease for it in the same transaction. */
  #lookAtLease(group: readonly Write[], lease: string): void {
    if (!group.some(({ collection, id }) => collection === 'leases' && id === lease)) {
      this.#fail(
        'I8',
        `written without the lease: ${group.map(({ collection, id }) => `${collection} ${String(id)}`).join(', ')}`,
      );
    }
    const last = group.at(-1);
    // Touched earlier, a holder that stops in the middle keeps others from taking over (TRAPS 23).
    if (last?.collection !== 'leases')
      this.#fail('I8', `the lease was not touched last, but ${String(last?.collection)}`);
    const holder = storedDocument(this.server, 'leases', lease)?.['holder'];
    const writer = this.holderNow();
    if (writer !== null && holder !== writer)
      this.#fail('I8', `${writer} wrote while ${String(holder)} held the lease`);
  }

  #lookAtRecord(record: LedgerRecord, before: LedgerRecord | undefined): void {
    const { journal } = this;
    const becameApplied = record.state === 'applied' && before?.state !== 'applied';
    if (record.kind === 'observation') {
      if (!before) this.#lookAtObservation(record);
      if (becameApplied) journal.recovered('accounts read instead of logs');
      return;
    }
    if (becameApplied) {
      journal.recovered(before?.state === 'received' ? 'stored first, applied later' : 'applied at once');
      if (record.touches.some((touch) => (this.#newestSlot.get(touch) ?? 0) > record.slot)) {
        journal.recovered('late record folded in');
      }
      for (const touch of record.touches) {
        this.#newestSlot.set(touch, Math.max(record.slot, this.#newestSlot.get(touch) ?? 0));
      }
    }
    if (before && record.generation > before.generation) journal.recovered('landed again elsewhere');
    if (record.state === 'orphaned' && before && before.state !== 'orphaned') {
      if (record.error?.startsWith('dropped by a fork')) {
        journal.recovered('rolled back');
        if (this.#isTrue(record))
          this.#fail('I5', `${record._id} was rolled back, and it is on the chain in slot ${record.slot}`);
      }
    }
    const isFinal = record.commitment === 'finalized' && record.state !== 'orphaned';
    if (isFinal && before?.commitment === 'confirmed') {
      journal.recovered('made final');
      if (!this.#isTrue(record) || record.slot > this.cluster.finalizedAt(this.cluster.head)) {
        this.#fail(
          'finality',
          `${record._id} was made final in slot ${record.slot}, and the chain has it ${this.#where(record)}`,
        );
      }
    }
    const wasFinal = before?.commitment === 'finalized' && before.state === 'applied';
    if (wasFinal && !(record.state === 'applied' && record.slot === before.slot)) {
      this.#fail(
        'finality',
        `${record._id} was final in slot ${before.slot} and is now ${record.state} in ${record.slot}`,
      );
    }
  }

  /** I5: what is observed of an account is what it was in that slot, and above all whether there was one. */
  #lookAtObservation({ _id, slot, raw }: LedgerRecord): void {
    const entry = this.cluster.bankAt(slot).get(addressOfObservation(_id));
    const was = entry ? encodeAccount(entry.type, entry.account) : new Uint8Array();
    const isRight = raw.length === 0 ? this.#wasGone(addressOfObservation(_id), slot) : Buffer.compare(raw, was) === 0;
    if (!isRight) {
      this.#fail(
        'I5',
        `${_id} was observed ${raw.length === 0 ? 'to be gone' : 'as it was not'}, and the chain has it otherwise`,
      );
    }
  }

  /**
   * Whether there was no such account in this slot, or in a later one that is final by now: where one endpoint hides it, the
   * other only tells as of the slot it is asked at.
   */
  #wasGone(address: string, slot: number): boolean {
    const { cluster } = this;
    for (let at = slot; at <= Math.max(slot, cluster.finalizedAt(cluster.head)); at++) {
      if (!cluster.bankAt(at).has(address)) return true;
    }
    return false;
  }

  #where({ _id, signature, raw }: LedgerRecord): string {
    const { cluster } = this;
    const landed = cluster.landed().find((one) => one.signature === signature);
    if (!landed) return 'nowhere';
    const event = eventsOf(landed).find(({ id }) => id === _id);
    const how = landed.failed
      ? 'failed'
      : !event
        ? 'without this event'
        : event.raw.equals(raw)
          ? 'just so'
          : 'with other data';
    return `in slot ${landed.slot}, ${how} (finalized: ${cluster.finalizedAt(cluster.head)})`;
  }

  /** Does the chain have this very version, in this slot? */
  #isTrue({ _id, signature, slot, raw }: LedgerRecord): boolean {
    const landed = this.cluster.blockAt(slot, this.cluster.head)?.landed.find((one) => one.signature === signature);
    return (landed ? eventsOf(landed) : []).some((event) => event.id === _id && event.raw.equals(raw));
  }

  /** I5: a transaction is given up only when nobody could give it; what of it nobody keeps cannot be missing. */
  #lookAtLetter(id: unknown): void {
    const letter = storedDocument(this.server, 'dead_letters', id);
    if (letter?.['reason'] === 'log-truncated' && !this.couldBeHad()) {
      this.#keptByNobody.add(`${String(letter['signature'])} ${Number(letter['slot'])}`);
    }
    if (letter?.['reason'] !== 'unavailable' || !this.couldBeHad()) return;
    this.#fail('I5', `${String(letter['signature'])} was parked (${String(letter['detail'])}), and a node has it`);
  }

  /** I4: up to the frontier nothing is missing that the chain has. */
  #lookAtFrontier(): void {
    const frontier = storedDocument(this.server, 'frontiers', coupons.name);
    if (!frontier) return;
    const { since, slot } = frontier as { since: number; slot?: number };
    // Walks that are under way are kept here before there is a frontier.
    if (slot === undefined) return;
    if (slot > this.cluster.finalizedAt(this.cluster.head)) this.#fail('I4', `the frontier ${slot} is not final yet`);
    const parked = new Set(
      storedDocuments(this.server, 'dead_letters')
        .filter(({ reason }) => reason === 'unavailable')
        .map(({ signature }) => signature),
    );
    for (const landed of this.cluster.landed()) {
      if (landed.slot > slot || landed.slot < since || parked.has(landed.signature)) continue;
      if (this.#keptByNobody.has(`${landed.signature} ${landed.slot}`)) continue;
      for (const event of eventsOf(landed)) {
        if (!this.#records.has(event.id)) {
          this.#fail('I4', `the frontier moved to ${slot} past ${event.id} in slot ${landed.slot}`);
        }
      }
    }
  }

  /** I2 and I6: after every commit, what it touched is the fold of the applied records. */
  #lookAtDocuments(touched: ReadonlySet<string>): void {
    if (touched.size === 0) return;
    const records = [...this.#records.values()].filter(
      ({ state, touches }) => state === 'applied' && touches.some((touch) => touched.has(touch)),
    );
    const folded = foldDocuments(coupons, touched, records);
    for (const touch of touched) {
      const split = touch.indexOf(':');
      const model = STATES.get(touch.slice(0, split));
      if (model?.kind !== 'state') continue;
      const stored = storedDocument(this.server, model.collection, touch.slice(split + 1));
      const is = stored ? ownedPart({ ...model, settled: {} }, stored) : null;
      const change = folded.get(touch);
      const should = change && !change.closed ? change.set : null;
      if (isDeepStrictEqual(is, should)) this.#damaged.delete(touch);
      else if (!this.#damaged.has(touch) && !this.#isEndUnknown(model, touch.slice(split + 1), change)) {
        this.#fail('I6', `${touch} is ${show(is)} and the fold of its records is ${show(should)}`);
      }
    }
  }

  /** Marked as orphaned, for the ledger lacks the end of its account: nothing that is newer than the mark says otherwise. */
  #isEndUnknown(model: Model, key: string, change: DocumentChange | undefined): boolean {
    const mark = this.#markOf(model.collection, key);
    return mark !== null && change !== undefined && slotOfOrderKey(change.at) <= mark.slot;
  }

  get records(): ReadonlyMap<string, LedgerRecord> {
    return this.#records;
  }
}

export function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'nothing';
}
