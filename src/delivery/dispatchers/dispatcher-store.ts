import { mongo } from 'mongoose';
import type { Clock } from '../../lib/clock.js';
import { DUPLICATE_KEY } from '../../lib/duplicate-key.js';
import { deskOf } from '../desk-number.js';
import { newId, type RandomBytes } from '../new-id.js';
import { newWebhookSecret } from '../webhooks/webhook-secret.js';
import type { Dispatcher } from './dispatcher.js';
import {
  definedFields,
  dispatcherFrom,
  isMended,
  rotated,
  secretsOf,
  urlOf,
  type DispatcherDefinition,
  withSecrets,
  type StoredDispatcher,
} from './dispatcher-definition.js';

/** What became of a definition. `secret`: the one that was made for it, which is shown this once. */
export interface Upserted {
  readonly kind: 'created' | 'updated';
  readonly dispatcher: Dispatcher;
  readonly secret: string | null;
}

/** unsigned: nobody is told over HTTP, so that there is nothing to sign. */
export type Rotated = { readonly kind: 'rotated'; readonly secret: string } | { readonly kind: 'unsigned' };

/** What is known of an endpoint holds no longer: raised, not set, for several may say so at once. */
const MENDED = { endpointRevision: 1 } as const;

/** The collection of dispatchers. */
export function eventDispatchers(db: mongo.Db): mongo.Collection<StoredDispatcher> {
  return db.collection<StoredDispatcher>('event_dispatchers', { writeConcern: { w: 'majority' } });
}

/** Creates its indexes. The second one finds whom an event may reach among thousands, also where each account has one. */
export async function ensureDispatcherIndexes(db: mongo.Db): Promise<void> {
  await eventDispatchers(db).createIndex({ environment: 1, dispatchableId: 1 }, { unique: true });
  await eventDispatchers(db).createIndex({ events: 1, environment: 1, source: 1, account: 1 });
  // Those that the alert is about.
  const partialFilterExpression = { disabledReason: { $gt: '' } };
  await eventDispatchers(db).createIndex({ disabledReason: 1 }, { partialFilterExpression });
}

/** Makes and changes dispatchers. Any number of processes may do so at once. */
export class DispatcherStore {
  readonly #collection: mongo.Collection<StoredDispatcher>;

  constructor(
    db: mongo.Db,
    private readonly machine: { readonly clock: Pick<Clock, 'now'>; readonly randomBytes: RandomBytes },
  ) {
    this.#collection = eventDispatchers(db);
  }

  /** Makes the dispatcher of that name what the definition says, whole; it is made where there is none. */
  async upsert(environment: string, dispatchableId: string, definition: DispatcherDefinition): Promise<Upserted> {
    for (;;) {
      const known = await this.#collection.findOne({ environment, dispatchableId });
      // Null: somebody else was at it between the look and the write.
      const done = known
        ? await this.#update(known, definition)
        : await this.#insert(environment, dispatchableId, definition);
      if (done) return done;
    }
  }

  /** Null: the environment has no such dispatcher. */
  async read(environment: string, _id: string): Promise<Dispatcher | null> {
    const stored = await this.#collection.findOne({ _id, environment });
    return stored && dispatcherFrom(stored);
  }

  /** Enables or disables it; null: there is none. Who enables it has mended its endpoint. */
  async setEnabled(environment: string, _id: string, enabled: boolean): Promise<Dispatcher | null> {
    const change = { enabled, disabledReason: null, updatedAt: new Date(this.machine.clock.now()) };
    const stored = await this.#collection.findOneAndUpdate(
      { _id, environment },
      { $set: change, ...(enabled ? { $inc: MENDED } : {}) },
      { returnDocument: 'after' },
    );
    return stored && dispatcherFrom(stored);
  }

  /** Notes that its endpoint was found well, unless it has another one by now. */
  async noteMended({ _id, dispatchable }: Pick<Dispatcher, '_id' | 'dispatchable'>): Promise<void> {
    await this.#collection.updateOne({ _id, 'dispatchable.url': urlOf(dispatchable) }, { $inc: MENDED });
  }

  /**
   * Makes a new secret, which is shown this once. The one before it signs as well until the next rotation, unless it is
   * not kept. Null: there is no such dispatcher.
   */
  async rotateSecret(environment: string, _id: string, keepsOld: boolean): Promise<Rotated | null> {
    for (;;) {
      const known = await this.#collection.findOne({ _id, environment });
      if (!known) return null;
      const { dispatchable } = known;
      if (dispatchable.kind === 'job') return { kind: 'unsigned' };
      const secret = this.#newSecret();
      const secrets = rotated(dispatchable.secrets, secret, keepsOld);
      const updatedAt = new Date(this.machine.clock.now());
      const changed = await this.#change(known, { dispatchable: { ...dispatchable, secrets }, updatedAt });
      if (changed) return { kind: 'rotated', secret };
    }
  }

  /** False: there is none. */
  async remove(environment: string, _id: string): Promise<boolean> {
    return (await this.#collection.deleteOne({ _id, environment })).deletedCount === 1;
  }

  readonly #newSecret = () => newWebhookSecret(this.machine.randomBytes);

  async #insert(
    environment: string,
    dispatchableId: string,
    definition: DispatcherDefinition,
  ): Promise<Upserted | null> {
    const now = new Date(this.machine.clock.now());
    const _id = newId('disp', this.machine.randomBytes);
    const { dispatchable, secret } = withSecrets(definition.dispatchable, [], this.#newSecret);
    const stored: StoredDispatcher = {
      ...{ _id, environment, dispatchableId, dispatchable, enabled: true, disabledReason: null },
      ...definedFields(definition, now),
      ...{ desk: deskOf(_id), revision: 1, endpointRevision: 0, createdAt: now },
    };
    try {
      await this.#collection.insertOne(stored);
    } catch (error) {
      if (error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY) return null;
      throw error;
    }
    return { kind: 'created', dispatcher: dispatcherFrom(stored), secret };
  }

  /** The secret stays as it is; one is made where the dispatcher tells somebody over HTTP only from now on. */
  async #update(known: StoredDispatcher, definition: DispatcherDefinition): Promise<Upserted | null> {
    const secrets = secretsOf(known.dispatchable) ?? [];
    const { dispatchable, secret } = withSecrets(definition.dispatchable, secrets, this.#newSecret);
    const fields = definedFields(definition, new Date(this.machine.clock.now()));
    const stored = await this.#change(known, { ...fields, dispatchable }, isMended(known, definition) ? MENDED : {});
    return stored && { kind: 'updated', dispatcher: dispatcherFrom(stored), secret };
  }

  #change(
    { _id, revision }: StoredDispatcher,
    fields: Partial<StoredDispatcher>,
    mended: Partial<typeof MENDED> = {},
  ): Promise<StoredDispatcher | null> {
    return this.#collection.findOneAndUpdate(
      { _id, revision },
      { $set: fields, $inc: { revision: 1, ...mended } },
      { returnDocument: 'after' },
    );
  }
}
