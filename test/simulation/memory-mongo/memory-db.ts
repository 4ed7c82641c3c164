import type { mongo } from 'mongoose';
import { NotCoveredError, serverError } from './errors.js';
import { MemoryCollection } from './memory-collection.js';
import type { MemoryConnection } from './memory-connection.js';
import { MemorySession, sessionKey } from './memory-session.js';
import { onlyKnown } from './only-known.js';
import { checkOptions } from './options.js';

/** The driver's client, as far as src/ uses it. */
class MemoryClient {
  constructor(readonly connection: MemoryConnection) {}

  startSession(options?: mongo.ClientSessionOptions): MemorySession {
    checkOptions(options, ['causalConsistency']);
    return new MemorySession(this.connection);
  }

  async withSession<T>(body: (session: MemorySession) => Promise<T>): Promise<T> {
    const session = this.startSession();
    try {
      return await body(session);
    } finally {
      await session.endSession();
    }
  }
}

/** The one database of a server, as one process sees it. */
export class MemoryDb {
  readonly databaseName = 'memory';
  readonly client: MemoryClient;

  constructor(readonly connection: MemoryConnection) {
    this.client = new MemoryClient(connection);
  }

  collection(name: string, options?: object): MemoryCollection {
    checkOptions(options, []);
    return onlyKnown(new MemoryCollection(this.connection, name), 'a collection', this.connection.server);
  }

  async createCollection(name: string): Promise<MemoryCollection> {
    const { server } = this.connection;
    await this.connection.run('create', name, undefined, () => {
      if (server.hasTable(name)) throw serverError('namespaceExists', `Collection ${name} already exists.`);
      server.table(name);
    });
    return this.collection(name);
  }

  admin() {
    return {
      command: async (command: { readonly killSessions?: readonly { readonly id: mongo.Binary }[] }) => {
        const { killSessions, ...more } = command;
        if (!killSessions || Object.keys(more).length > 0) {
          return this.connection.noting(() => {
            throw new NotCoveredError(`the command ${Object.keys(command).join()}`);
          });
        }
        const ids = killSessions.map(({ id }) => sessionKey(id));
        await this.connection.control('killSessions', () =>
          ids.forEach((id) => this.connection.server.killSession(id)),
        );
        return { ok: 1 };
      },
    };
  }
}
