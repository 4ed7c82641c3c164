import { mongo } from 'mongoose';
import { NotCoveredError, TRANSIENT, UNKNOWN_COMMIT } from './errors.js';
import type { MemoryConnection } from './memory-connection.js';
import type { TransactionAddress } from './memory-server.js';

type State = 'none' | 'starting' | 'in progress' | 'committed' | 'committed empty' | 'aborted';

/** As the driver has it, in milliseconds. */
const WITH_TRANSACTION_LIMIT_MS = 120_000;

/** A session of the driver's: `withTransaction` and its parts retry what the driver retries. */
export class MemorySession {
  readonly id: { readonly id: mongo.Binary };
  hasEnded = false;
  #state: State = 'none';
  #number: number;
  #isDirty = false;
  #isBusy = false;

  constructor(readonly connection: MemoryConnection) {
    this.id = { id: connection.idleSessions.pop() ?? connection.server.nextSessionId() };
    // Higher than whatever another session with this id has used.
    this.#number = lastNumbers.get(this.id.id) ?? 0;
  }

  inTransaction(): boolean {
    return this.#state === 'starting' || this.#state === 'in progress';
  }

  /** Which transaction a command is part of; null outside of one. */
  beginCommand(): (TransactionAddress & { readonly begins: boolean }) | null {
    if (this.hasEnded) throw new mongo.MongoExpiredSessionError();
    if (this.#isBusy) throw new NotCoveredError('two commands of one session at a time (TRAPS 24)');
    this.#isBusy = true;
    if (!this.inTransaction()) {
      this.#state = 'none';
      return null;
    }
    const begins = this.#state === 'starting';
    this.#state = 'in progress';
    return { ...this.#address(), begins };
  }

  endCommand(): void {
    this.#isBusy = false;
  }

  /** After a broken connection the driver does not use its id again. */
  markDirty(): void {
    this.#isDirty = true;
  }

  startTransaction(_options?: mongo.TransactionOptions): void {
    if (this.inTransaction()) throw new mongo.MongoTransactionError('Transaction already in progress');
    this.#number += 1;
    lastNumbers.set(this.id.id, this.#number);
    this.#state = 'starting';
  }

  async commitTransaction(): Promise<void> {
    if (this.#state === 'none') throw new mongo.MongoTransactionError('No transaction started');
    if (this.#state === 'aborted') {
      throw new mongo.MongoTransactionError('Cannot call commitTransaction after calling abortTransaction');
    }
    if (this.#state === 'starting' || this.#state === 'committed empty') {
      this.#state = 'committed empty';
      return;
    }
    const address = this.#address();
    try {
      await this.connection.control('commitTransaction', () => this.connection.server.commit(address));
    } catch (error) {
      if (error instanceof mongo.MongoNetworkError) this.#isDirty = true;
      throw error;
    } finally {
      this.#state = 'committed';
    }
  }

  async abortTransaction(): Promise<void> {
    if (this.#state === 'none') throw new mongo.MongoTransactionError('No transaction started');
    if (this.#state === 'aborted') throw new mongo.MongoTransactionError('Cannot call abortTransaction twice');
    if (this.#state === 'committed' || this.#state === 'committed empty') {
      throw new mongo.MongoTransactionError('Cannot call abortTransaction after calling commitTransaction');
    }
    const isOpen = this.#state === 'in progress';
    const address = this.#address();
    try {
      // The driver ignores what comes of it; the server gives up on the transaction by itself.
      if (isOpen)
        await this.connection
          .control('abortTransaction', () => this.connection.server.abortAt(address))
          .catch(() => undefined);
    } finally {
      this.#state = 'aborted';
    }
  }

  /** As the driver's, but that the time between two attempts is the simulation's: `step('withTransaction retry', '')`. */
  async withTransaction<T>(body: (session: this) => Promise<T>, options?: mongo.TransactionOptions): Promise<T> {
    const { server } = this.connection;
    const deadline = server.now() + WITH_TRANSACTION_LIMIT_MS;
    for (let attempt = 0; ; attempt++) {
      if (attempt > 0) await this.connection.pause('withTransaction retry');
      this.startTransaction(options);
      let result: T;
      try {
        result = await body(this);
      } catch (error) {
        if (this.inTransaction()) await this.abortTransaction();
        if (!hasLabel(error, TRANSIENT) || server.now() >= deadline) throw error;
        continue;
      }
      if (!this.inTransaction()) return result;
      const again = await this.#commitUntilKnown(deadline);
      if (!again) return result;
    }
  }

  /** True when the whole transaction is to be run again. */
  async #commitUntilKnown(deadline: number): Promise<boolean> {
    for (;;) {
      try {
        await this.commitTransaction();
        return false;
      } catch (error) {
        if (hasLabel(error, UNKNOWN_COMMIT)) {
          if (server(this).now() >= deadline) throw error;
          continue;
        }
        if (hasLabel(error, TRANSIENT)) return true;
        throw error;
      }
    }
  }

  async endSession(): Promise<void> {
    if (this.hasEnded) return;
    if (this.inTransaction()) await this.abortTransaction();
    this.hasEnded = true;
    if (!this.#isDirty) this.connection.idleSessions.push(this.id.id);
  }

  #address(): TransactionAddress {
    return { session: sessionKey(this.id.id), number: this.#number };
  }
}

/** The name the server knows a session by. */
export function sessionKey(id: mongo.Binary): string {
  return id.toString('hex');
}

/** Transaction numbers go on where a session takes up the id of one that ended. */
const lastNumbers = new WeakMap<mongo.Binary, number>();

function server(session: MemorySession) {
  return session.connection.server;
}

function hasLabel(error: unknown, label: string): boolean {
  return error instanceof mongo.MongoError && error.hasErrorLabel(label);
}
