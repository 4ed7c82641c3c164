import { isDeepStrictEqual } from 'node:util';
import { coupons } from '../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import { foldDocuments } from '../../src/pipeline/fold-documents.js';
import type { Cluster } from './chain/cluster.js';
import type { Journal } from './journal.js';
import type { MemoryServer } from './memory-mongo/memory-server.js';
import { ledgerRecord, ownedPart, storedDocument, storedDocuments } from './stored.js';
import { eventsOf } from './truth.js';

/** An invariant did not hold at some step. */
export class Violation extends Error {}

const LEASE = 'program:coupons';
const STATES = new Map(coupons.models.map((model) => [model.collection, model]));

/**
 * Watches everything that is committed and says at once where an invariant does not hold: against the cluster as it
 * truly is, and by nothing that a worker says of itself.
 */
export class Witness {
  readonly #records = new Map<string, LedgerRecord>();
  readonly #newestSlot = new Map<string, number>();
  #group: { collection: string; id: unknown }[] = [];
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
      if (operation === 'delete' && collection === 'ledger_events') this.#fail('I1', `${String(id)} left the ledger`);
      this.#group.push({ collection, id });
      // A commit's writes come all at once: when they are through, the group is what one transaction did.
      if (this.#group.length === 1) queueMicrotask(() => this.#lookAtGroup());
    });
  }

  #fail(invariant: string, what: string): void {
    this.violation ??= new Violation(`${invariant}: ${what}`);
  }

  #lookAtGroup(): void {
    const group = this.#group;
    this.#group = [];
    const touched = new Set<string>();
    let isProjecting = false;
    for (const { collection, id } of group) {
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
        const model = STATES.get(collection);
        if (model?.kind === 'state') touched.add(`${collection}:${String(id)}`);
      } else if (collection === 'dead_letters') {
        this.#lookAtLetter(id);
      } else if (collection === 'frontiers') {
        this.#lookAtFrontier();
      }
    }
    if (isProjecting) this.#lookAtLease(group);
    this.#lookAtDocuments(touched);
  }

  /** I8: whoever projects holds the lease in the same transaction. */
  #lookAtLease(group: readonly { collection: string; id: unknown }[]): void {
    if (!group.some(({ collection, id }) => collection === 'leases' && id === LEASE)) {
      this.#fail(
        'I8',
        `written without the lease: ${group.map(({ collection, id }) => `${collection} ${String(id)}`).join(', ')}`,
      );
    }
    const last = group.at(-1);
    // Touched earlier, a holder that stops in the middle keeps others from taking over (TRAPS 23).
    if (last?.collection !== 'leases')
      this.#fail('I8', `the lease was not touched last, but ${String(last?.collection)}`);
    const holder = storedDocument(this.server, 'leases', LEASE)?.['holder'];
    const writer = this.holderNow();
    if (writer !== null && holder !== writer)
      this.#fail('I8', `${writer} wrote while ${String(holder)} held the lease`);
  }

  #lookAtRecord(record: LedgerRecord, before: LedgerRecord | undefined): void {
    const { journal } = this;
    const becameApplied = record.state === 'applied' && before?.state !== 'applied';
    if (record.kind === 'observation') {
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

  /** I5: a transaction is given up only when nobody could give it. */
  #lookAtLetter(id: unknown): void {
    const letter = storedDocument(this.server, 'dead_letters', id);
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
      if (!isDeepStrictEqual(is, should)) {
        this.#fail('I6', `${touch} is ${show(is)} and the fold of its records is ${show(should)}`);
      }
    }
  }

  get records(): ReadonlyMap<string, LedgerRecord> {
    return this.#records;
  }
}

export function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part)) ?? 'nothing';
}
