import { mongo } from 'mongoose';
import { BlockedError, TRANSIENT, UNKNOWN_COMMIT } from './errors.js';
import type { MemoryServer } from './memory-server.js';
import { MemorySession } from './memory-session.js';
import type { View } from './table.js';

/** How a simulated process reaches the server. */
export interface ConnectOptions {
  /**
   * Awaited before each command takes effect and again before its answer is seen. It may take its (simulated) time; it
   * may reject: before, the command did not happen; after, it happened and the client does not know. A MongoError is
   * treated as the driver treats it (labels inside transactions); anything else is passed on as it is.
   */
  readonly step: (command: string, collection: string) => Promise<void>;
  /** Once aborted, the process is dead: nothing it asked for happens any more, nothing is answered. */
  readonly dead?: AbortSignal;
}

/** Runs commands for one process. */
export class MemoryConnection {
  /** Ids of sessions that ended, to be used again, the last one first: as a driver does it. */
  readonly idleSessions: mongo.Binary[] = [];

  constructor(
    readonly server: MemoryServer,
    readonly options: ConnectOptions,
  ) {}

  /**
   * One command: `effect` happens at once, unless it meets an open transaction of somebody else's; then it is tried
   * again each time the one in its way has ended.
   */
  async run<T>(command: string, collection: string, session: unknown, effect: (view: View) => T): Promise<T> {
    const used = this.#sessionOf(session);
    const address = used?.beginCommand() ?? null;
    try {
      await this.#step(command, collection);
      let answer: { readonly value: T } | { readonly error: unknown };
      for (;;) {
        let view: View = null;
        try {
          view = address && this.server.statement(address, address.begins);
          answer = { value: effect(view) };
          break;
        } catch (error) {
          if (error instanceof BlockedError) {
            await error.until;
            await this.#untilDead();
            continue;
          }
          // Whatever a server refuses within a transaction ends it.
          if (view) this.server.abort(view);
          answer = { error };
          break;
        }
      }
      await this.#step(command, collection);
      if ('error' in answer) throw answer.error;
      return answer.value;
    } catch (error) {
      this.server.noted(error);
      if (address && error instanceof mongo.MongoNetworkError) {
        error.addErrorLabel(TRANSIENT);
        used?.markDirty();
      }
      throw error;
    } finally {
      used?.endCommand();
    }
  }

  /** A command that ends a transaction, or is about sessions: `effect` cannot meet anybody. */
  async control<T>(command: string, effect: () => T): Promise<T> {
    try {
      await this.#step(command, '');
      let answer: { readonly value: T } | { readonly error: unknown };
      try {
        answer = { value: effect() };
      } catch (error) {
        answer = { error };
      }
      await this.#step(command, '');
      if ('error' in answer) throw answer.error;
      return answer.value;
    } catch (error) {
      const isUnknown = error instanceof mongo.MongoNetworkError || (error as mongo.MongoError).code === 50;
      if (command === 'commitTransaction' && isUnknown) (error as mongo.MongoError).addErrorLabel(UNKNOWN_COMMIT);
      throw error;
    }
  }

  /** Waits as the simulation wants it, where no command is sent. */
  async pause(why: string): Promise<void> {
    await this.options.step(why, '').catch(() => undefined);
    await this.#untilDead();
  }

  /** What a server sends by itself is on its way. @throws what the simulation wants */
  answered(command: string, collection: string): Promise<void> {
    return this.#step(command, collection);
  }

  /** Runs what a driver does before it sends, and notes what this stand-in does not know. */
  noting<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw this.server.noted(error);
    }
  }

  async #step(command: string, collection: string): Promise<void> {
    await this.options.step(command, collection);
    if (this.options.dead?.aborted) await this.#untilDead();
  }

  /** Never returns once the process is dead. */
  #untilDead(): Promise<void> {
    return this.options.dead?.aborted ? new Promise(() => {}) : Promise.resolve();
  }

  #sessionOf(session: unknown): MemorySession | null {
    if (session === undefined || session === null) return null;
    if (session instanceof MemorySession && session.connection === this) return session;
    throw new mongo.MongoInvalidArgumentError('This session belongs to another client.');
  }
}
