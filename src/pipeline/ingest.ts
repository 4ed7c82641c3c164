import type { mongo } from 'mongoose';
import type { Commitment } from '../lib/commitment.js';
import { decodeTransaction, type DecodedTransaction } from '../decoding/decode-transaction.js';
import { parseTransaction } from '../decoding/parse-transaction.js';
import type { ObservedTransaction, ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import type { Clock } from '../lib/clock.js';
import { appendReceived } from '../ledger/append-records.js';
import { parkDeadLetters, parkedTransactionId, type DeadLetter } from '../ledger/dead-letter.js';
import { isSameVersion, type LedgerRecord, type RecordSource } from '../ledger/ledger-record.js';
import { readKnown } from '../ledger/read-records.js';
import { accountsOfProgram, buildRecords, incompleteLetter, type TransactionFacts } from './build-records.js';
import { EventlessMemory } from './eventless-memory.js';
import { wakeHolder } from './wake-signal.js';

/** A hint that a transaction touched the program. `logs` undefined: the door did not carry them. */
export interface Notice {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
  readonly source: RecordSource;
  readonly logs?: readonly string[] | null;
}

/**
 * Nobody could give the transaction now: nothing is known of it (I5). `permanent`: every node that answered does not
 * have it, or gives something unreadable; asking again soon is of no use.
 */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly reason: string;
  readonly permanent: boolean;
}

/** A transaction ready to be stored. */
export interface DecodedNotice {
  readonly kind: 'decoded';
  readonly signature: string;
  /** The slot in which it was seen to hold no events; null when it has some, or failed. */
  readonly eventlessAt: number | null;
  /** How settled it was when it was seen. */
  readonly seenAs: Commitment;
  readonly records: readonly LedgerRecord[];
  readonly letters: readonly DeadLetter[];
}

/** stored: its events are in the ledger (or there are none, or they are parked). */
export type IngestOutcome = { readonly kind: 'stored'; readonly inserted: number } | Unavailable;

/** How the ingest gets a transaction it only knows the signature of. */
export type FetchTransaction = (
  signature: string,
  commitment: Commitment,
) => Promise<
  { readonly kind: 'found'; readonly raw: unknown } | { readonly kind: 'unavailable'; readonly reason: string }
>;

interface IngestDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly fetchTransaction: FetchTransaction;
  /** An event's finality is looked at this long after it was seen, at the latest. */
  readonly finalityDelayMs: number;
  readonly onInserted: (module: DomainModule, records: readonly LedgerRecord[]) => void;
  readonly onUndecodable: (module: DomainModule, letters: readonly DeadLetter[]) => void;
  /** Applies records at once where this process holds the program's lease; returns those that are durable by that. */
  readonly applyNew?: (records: readonly LedgerRecord[]) => Promise<readonly LedgerRecord[]>;
  /** Tells whoever projects that records wait; by default through the database, where the holder is another process. */
  readonly wake?: () => Promise<void>;
}

/** The one door into the ledger of a program: whatever found a transaction hands its notice in here. */
export class Ingest {
  readonly #eventless = new EventlessMemory();

  constructor(
    readonly dependencies: IngestDependencies,
    readonly module: DomainModule,
    readonly codec: ProgramCodec,
  ) {}

  /**
   * Takes notices in. When this returns `stored` for one, its events are durable (I1), wherever the process dies next.
   * @param commitment how settled a transaction must be where it has to be fetched.
   */
  async take(notices: readonly Notice[], commitment: Commitment): Promise<IngestOutcome[]> {
    const decoded = await Promise.all(
      notices.map(async (notice) => this.decodeFromLogs(notice) ?? (await this.#decodeFetched(notice, commitment))),
    );
    const counts = await this.store(decoded.filter((item) => item.kind === 'decoded'));
    return decoded.map((item) =>
      item.kind === 'unavailable' ? item : { kind: 'stored', inserted: counts.get(item.signature) ?? 0 },
    );
  }

  /** Decodes a notice from the logs it carries; null when the transaction itself is needed. */
  decodeFromLogs(notice: Notice): DecodedNotice | null {
    const { signature } = notice;
    const seenAs = 'confirmed';
    if (notice.failed) return { kind: 'decoded', signature, eventlessAt: null, seenAs, records: [], letters: [] };
    if (!notice.logs) return null;
    const observed: ObservedTransaction = { ...notice, logs: notice.logs, trace: null };
    const decoded = decodeTransaction(this.codec, observed);
    return decoded.needs === 'nothing' ? this.#finish(decoded, observed, notice.source, seenAs) : null;
  }

  /** Makes decoded transactions durable. Returns how many records were new, by signature. */
  async store(decoded: readonly DecodedNotice[]): Promise<Map<string, number>> {
    const { db, applyNew, onInserted, onUndecodable, wake } = this.dependencies;
    const letters = decoded.flatMap((item) => item.letters);
    // Letters first: a transaction counts as known by its records.
    await parkDeadLetters(db, letters);
    if (letters.length > 0) onUndecodable(this.module, letters);
    const records = decoded.flatMap((item) => item.records);
    const applied = applyNew && records.length > 0 ? await applyNew(records) : [];
    const appliedById = new Map(applied.map((record) => [record._id, record]));
    const { inserted, disputed } = await appendReceived(
      db,
      records.filter((record) => {
        const held = appliedById.get(record._id);
        // One batch may bring two versions of an event: the second is the chain's to decide, not a copy.
        return !held || !isSameVersion(held, record);
      }),
    );
    const added = [...applied, ...inserted];
    if (added.length > 0) onInserted(this.module, added);
    if (inserted.length > 0 || disputed.length > 0) await (wake ? wake() : wakeHolder(db, this.module.name));
    // Not before the letters are durable: what is remembered here, no sweep looks at again (I1).
    for (const { signature, eventlessAt, seenAs } of decoded) {
      if (eventlessAt !== null) this.#eventless.remember(signature, eventlessAt, seenAs);
    }
    const counts = new Map<string, number>();
    for (const { signature } of added) counts.set(signature, (counts.get(signature) ?? 0) + 1);
    return counts;
  }

  /**
   * Those of the notices that are worth taking in: not known whole, at that slot, from before.
   * @param walk how settled what lists them is.
   */
  async unknown(notices: readonly Notice[], walk: Commitment): Promise<Notice[]> {
    const candidates = notices.filter(
      ({ signature, slot, failed }) => !failed && !this.#eventless.has(signature, slot, walk),
    );
    if (candidates.length === 0) return [];
    const known = await readKnown(
      this.dependencies.db,
      this.module.name,
      candidates.map(({ signature }) => signature),
    );
    return candidates.filter(({ signature, slot }) => {
      const held = known.get(signature);
      return !held?.whole || held.slot !== slot;
    });
  }

  /** Keeps a transaction that nobody can give, so that the frontier may pass it and an operator sees it. */
  async park(notice: Notice, reason: string): Promise<void> {
    const letter: DeadLetter = {
      _id: parkedTransactionId(this.module.name, notice.signature),
      program: this.module.name,
      signature: notice.signature,
      slot: notice.slot,
      reason: 'unavailable',
      detail: reason,
      raw: null,
      place: null,
      refresh: [],
      seenAt: new Date(this.dependencies.clock.now()),
    };
    await parkDeadLetters(this.dependencies.db, [letter]);
    this.dependencies.onUndecodable(this.module, [letter]);
  }

  /** Fetches a transaction as it landed and builds its records, without storing anything. */
  async landed(
    signature: string,
    commitment: Commitment,
  ): Promise<
    | {
        readonly kind: 'landed';
        readonly slot: number;
        /** False: no node that was asked keeps all of it, so what `records` lacks may be in it all the same (I5). */
        readonly isWhole: boolean;
        readonly records: readonly LedgerRecord[];
        readonly letters: readonly DeadLetter[];
      }
    | Unavailable
  > {
    const fetched = await this.#fetch(signature, commitment);
    if (fetched.kind === 'unavailable') return fetched;
    const { transaction } = fetched;
    const decoded = decodeTransaction(this.codec, transaction);
    const built = this.#build(decoded, transaction, 'resolve', commitment);
    return { kind: 'landed', slot: transaction.slot, isWhole: decoded.needs === 'nothing', ...built };
  }

  async #decodeFetched(notice: Notice, commitment: Commitment): Promise<DecodedNotice | Unavailable> {
    const fetched = await this.#fetch(notice.signature, commitment);
    if (fetched.kind === 'unavailable') return fetched;
    return this.#finish(
      decodeTransaction(this.codec, fetched.transaction),
      fetched.transaction,
      notice.source,
      commitment,
    );
  }

  #finish(
    decoded: DecodedTransaction,
    transaction: ObservedTransaction,
    source: RecordSource,
    seenAs: Commitment,
  ): DecodedNotice {
    const built = this.#build(decoded, transaction, source, seenAs);
    const isWhole = decoded.needs === 'nothing';
    const eventlessAt = isWhole && built.records.length === 0 ? transaction.slot : null;
    return { kind: 'decoded', signature: transaction.signature, eventlessAt, seenAs, ...built };
  }

  #build(decoded: DecodedTransaction, transaction: ObservedTransaction, source: RecordSource, seenAs: Commitment) {
    const now = this.dependencies.clock.now();
    const facts: TransactionFacts = {
      signature: transaction.signature,
      slot: transaction.slot,
      source,
      seenAs,
      seenAt: new Date(now),
      finalityDueAt: new Date(now + this.dependencies.finalityDelayMs),
      touchedAccounts: transaction.trace ? accountsOfProgram(transaction.trace, this.codec.programId) : [],
    };
    const built = buildRecords(this.module, decoded, facts);
    // No node that was asked has all of it (TRAPS 4): what the accounts say is all there is to have.
    if (decoded.needs === 'nothing') return built;
    const missing = decoded.needs === 'logs' ? 'logs' : 'inner instructions, where emit_cpi! events are';
    return {
      // One more than there are: the sweeps ask again for as long as they look at its slot, another node may have it all.
      records: built.records.map((record) => ({ ...record, of: record.of + 1 })),
      letters: [...built.letters, incompleteLetter(this.module, facts, `no node that was asked keeps its ${missing}`)],
    };
  }

  async #fetch(
    signature: string,
    commitment: Commitment,
  ): Promise<{ readonly kind: 'found'; readonly transaction: ObservedTransaction } | Unavailable> {
    const fetched = await this.dependencies.fetchTransaction(signature, commitment);
    if (fetched.kind === 'unavailable') return { ...fetched, permanent: fetched.reason === 'unknown-here' };
    const parsed = parseTransaction(fetched.raw);
    if (!parsed.ok) {
      return { kind: 'unavailable', reason: `the answer cannot be read: ${parsed.reason}`, permanent: true };
    }
    return { kind: 'found', transaction: parsed.transaction };
  }
}
