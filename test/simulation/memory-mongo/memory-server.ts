import { mongo } from 'mongoose';
import { MemoryConnection, type ConnectOptions } from './memory-connection.js';
import { MemoryDb } from './memory-db.js';
import { NotCoveredError, noSuchTransaction } from './errors.js';
import { onlyKnown } from './only-known.js';
import { Table, type CommittedWrite } from './table.js';
import { ServerTransaction } from './transaction.js';

/** transactionLifetimeLimitSeconds, as MongoDB sets it, in milliseconds. */
const TRANSACTION_LIFETIME_MS = 60_000;

interface ServerSession {
  /** Of the transaction it ran last. */
  number: number;
  transaction: ServerTransaction | null;
}

/** Which transaction of which session a command belongs to. */
export interface TransactionAddress {
  readonly session: string;
  readonly number: number;
}

export type ChangeListener = (collection: string, write: CommittedWrite) => void;

/**
 * A MongoDB in memory, for simulations: one database, shared by the processes that `connect`. It has neither clock nor
 * timer nor randomness of its own, so that the same commands in the same order always give the same answers.
 */
export class MemoryServer {
  /** What somebody asked for that this stand-in does not know: to be empty at the end of every simulation. */
  readonly uncovered: string[] = [];
  readonly #noted = new WeakSet<NotCoveredError>();
  readonly #now: () => number;
  readonly #tables = new Map<string, Table>();
  readonly #sessions = new Map<string, ServerSession>();
  readonly #open = new Set<ServerTransaction>();
  readonly #listeners = new Set<ChangeListener>();
  #commits = 0;
  #ids = 0;

  /** `now`: milliseconds of a clock that only runs forward; transactions grow old by it. */
  constructor({ now }: { readonly now: () => number }) {
    this.#now = now;
  }

  /** The database as one process uses it. */
  connect(options: ConnectOptions): mongo.Db {
    return onlyKnown(new MemoryDb(new MemoryConnection(this, options)), 'a database', this) as unknown as mongo.Db;
  }

  /** Keeps an error in mind that stands for something this stand-in does not know; gives it back. */
  noted<E>(error: E): E {
    if (error instanceof NotCoveredError && !this.#noted.has(error)) {
      this.#noted.add(error);
      this.uncovered.push(error.message);
    }
    return error;
  }

  /** Ends transactions that are older than a server lets them become. Nothing ends them by itself. */
  expireTransactions(): void {
    const limit = this.#now() - TRANSACTION_LIFETIME_MS;
    for (const transaction of this.#open) if (transaction.startedAtMs < limit) this.abort(transaction);
  }

  /** How many transactions nobody has ended. */
  get openTransactions(): number {
    return this.#open.size;
  }

  now(): number {
    return this.#now();
  }

  table(name: string): Table {
    let table = this.#tables.get(name);
    if (!table) {
      table = new Table(name, {
        nextCommit: () => (this.#commits += 1),
        hasSnapshots: () => this.#open.size > 0,
        onCommitted: (of, write) => this.#listeners.forEach((listener) => listener(of.name, write)),
      });
      this.#tables.set(name, table);
    }
    return table;
  }

  hasTable(name: string): boolean {
    return this.#tables.has(name);
  }

  /** Calls back at each committed write until the returned function is called. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The transaction of a statement. @throws MongoServerError 251 when it was ended, or never begun. */
  statement({ session, number }: TransactionAddress, begins: boolean): ServerTransaction {
    const known = this.#sessions.get(session) ?? { number: 0, transaction: null };
    if (begins && number > known.number) {
      // A client that begins another transaction has given up the one before.
      if (known.transaction) this.abort(known.transaction);
      const transaction = new ServerTransaction(this.#commits, this.#now());
      this.#sessions.set(session, { number, transaction });
      this.#open.add(transaction);
      return transaction;
    }
    if (number !== known.number || known.transaction?.state !== 'open') throw noSuchTransaction();
    return known.transaction;
  }

  /** Commits; once more does no harm. @throws MongoServerError 251 */
  commit({ session, number }: TransactionAddress): void {
    const known = this.#sessions.get(session);
    const transaction = known?.number === number ? known.transaction : null;
    if (!transaction || transaction.state === 'aborted') throw noSuchTransaction();
    if (transaction.state === 'committed') return;
    const at = (this.#commits += 1);
    for (const [entry, where] of transaction.written) where.commit(entry, at);
    this.#end(transaction, 'committed');
  }

  /** Aborts a transaction that is open, and nothing otherwise. */
  abortAt({ session, number }: TransactionAddress): void {
    const known = this.#sessions.get(session);
    if (known?.number === number && known.transaction) this.abort(known.transaction);
  }

  abort(transaction: ServerTransaction): void {
    if (transaction.state !== 'open') return;
    for (const [entry, where] of transaction.written) where.abort(entry);
    this.#end(transaction, 'aborted');
  }

  /** Ends what a session has open. The session itself may be used again. */
  killSession(session: string): void {
    const transaction = this.#sessions.get(session)?.transaction;
    if (transaction) this.abort(transaction);
  }

  #end(transaction: ServerTransaction, state: 'committed' | 'aborted'): void {
    this.#open.delete(transaction);
    transaction.end(state);
    transaction.written.clear();
    if (this.#open.size === 0) for (const table of this.#tables.values()) table.pruneAll();
  }

  /** An ObjectId that nobody else has. */
  nextObjectId(): mongo.ObjectId {
    return new mongo.ObjectId((this.#ids += 1).toString(16).padStart(24, '0'));
  }

  /** A session id that nobody else has. */
  nextSessionId(): mongo.Binary {
    const bytes = Buffer.from((this.#ids += 1).toString(16).padStart(32, '0'), 'hex');
    return new mongo.Binary(bytes, mongo.Binary.SUBTYPE_UUID);
  }
}
