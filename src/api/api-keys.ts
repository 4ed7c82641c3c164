import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { mongo } from 'mongoose';
import { DEFAULT_ENVIRONMENT_ID } from '../delivery/environments/environment.js';
import type { Clock } from '../lib/clock.js';

export const SCOPES = ['read', 'write'] as const;
export type Scope = (typeof SCOPES)[number];

/** An API key as it may be shown: without its secret, which nobody keeps. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Id of the environment whose events, dispatchers and deliveries it sees. */
  readonly environment: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
  /** The secret before the last rotation, while it is still worth something or was lately; null: there was none. */
  readonly previous: PreviousSecret | null;
}

/** A secret that another one has replaced. */
export interface PreviousSecret {
  readonly validUntil: Date;
  /** To the minute; after the rotation. Null: nobody has come with it since. */
  readonly lastUsedAt: Date | null;
}

interface StoredKey {
  _id: string;
  /** sha256 of the secret. A fast hash will do: the secret is 32 random bytes, not a password. */
  hash: string;
  name: string;
  scopes: Scope[];
  /** Keys that were made before there were environments have none. */
  environment?: string;
  createdAt: Date;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
  previous?: (PreviousSecret & { readonly hash: string }) | null;
}

/** What became of a rotation; the token is shown here and never again. */
export type Rotation =
  | { readonly kind: 'rotated'; readonly key: ApiKey; readonly token: string }
  | { readonly kind: 'revoked' }
  | { readonly kind: 'unknown' };

const ID_BYTES = 6;
const SECRET_BYTES = 32;
/** `mk_<id>_<secret>`: the id finds the key, the secret proves it. */
const TOKEN = /^mk_([0-9a-f]{12})_([\w-]{43})$/;
const LAST_USED_EVERY_MS = 60_000;

/** The API keys of this database. */
export class ApiKeys {
  readonly #keys: mongo.Collection<StoredKey>;

  constructor(
    db: mongo.Db,
    private readonly clock: Pick<Clock, 'now'>,
  ) {
    this.#keys = db.collection<StoredKey>('api_keys', { writeConcern: { w: 'majority' } });
  }

  /** The token is returned here and never again: only its hash is kept. */
  async create(
    name: string,
    scopes: readonly Scope[],
    environment: string = DEFAULT_ENVIRONMENT_ID,
  ): Promise<{ key: ApiKey; token: string }> {
    const id = randomBytes(ID_BYTES).toString('hex');
    const secret = newSecret();
    const stored: StoredKey = {
      _id: id,
      hash: hashOf(secret),
      name,
      scopes: [...scopes],
      environment,
      createdAt: new Date(this.clock.now()),
      revokedAt: null,
      lastUsedAt: null,
      previous: null,
    };
    await this.#keys.insertOne(stored);
    return { key: keyFrom(stored), token: tokenOf(id, secret) };
  }

  async list(): Promise<ApiKey[]> {
    return (await this.#keys.find().sort({ createdAt: 1 }).toArray()).map(keyFrom);
  }

  /**
   * Gives a key another secret. The one it had stays valid for `overlapMs`, in milliseconds; the one before that, if it
   * still was, is worth nothing from now on.
   */
  async rotate(id: string, overlapMs: number): Promise<Rotation> {
    const secret = newSecret();
    for (;;) {
      const known = await this.#keys.findOne({ _id: id });
      if (!known) return { kind: 'unknown' };
      if (known.revokedAt !== null) return { kind: 'revoked' };
      const validUntil = new Date(this.clock.now() + overlapMs);
      const previous = overlapMs > 0 ? { hash: known.hash, validUntil, lastUsedAt: null } : null;
      // Two rotations at once: the second one begins anew, or the secret of the first would be worth nothing at once.
      const rotated = await this.#keys.findOneAndUpdate(
        { _id: id, hash: known.hash, revokedAt: null },
        { $set: { hash: hashOf(secret), previous } },
        { returnDocument: 'after' },
      );
      if (rotated) return { kind: 'rotated', key: keyFrom(rotated), token: tokenOf(id, secret) };
    }
  }

  /** From the next request on the key is worth nothing, nor is its previous secret. */
  async revoke(id: string): Promise<'revoked' | 'already-revoked' | 'unknown'> {
    const changed = await this.#keys.updateOne(
      { _id: id, revokedAt: null },
      { $set: { revokedAt: new Date(this.clock.now()) } },
    );
    if (changed.matchedCount === 1) return 'revoked';
    return (await this.#keys.findOne({ _id: id })) ? 'already-revoked' : 'unknown';
  }

  /** The key a token belongs to; null for one that is unknown, wrong, rotated out or revoked. */
  async verify(token: string): Promise<ApiKey | null> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) return null;
    const stored = await this.#keys.findOne({ _id: id });
    if (!stored || stored.revokedAt !== null) return null;
    const hash = hashOf(secret);
    if (isSame(stored.hash, hash)) {
      if (this.#isDue(stored.lastUsedAt)) await this.#noteUse(stored, 'lastUsedAt');
      return keyFrom(stored);
    }
    const { previous } = stored;
    if (!previous || !isSame(previous.hash, hash) || previous.validUntil.getTime() <= this.clock.now()) return null;
    if (this.#isDue(previous.lastUsedAt)) await this.#noteUse(stored, 'previous.lastUsedAt');
    return keyFrom(stored);
  }

  #isDue(lastUsedAt: Date | null): boolean {
    return lastUsedAt === null || this.clock.now() - lastUsedAt.getTime() >= LAST_USED_EVERY_MS;
  }

  /** Only where the secrets are still those that were looked at: what is rotated out meanwhile has no use to note. */
  async #noteUse({ _id, hash }: StoredKey, field: 'lastUsedAt' | 'previous.lastUsedAt'): Promise<void> {
    await this.#keys.updateOne({ _id, hash }, { $set: { [field]: new Date(this.clock.now()) } });
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

function tokenOf(id: string, secret: string): string {
  return `mk_${id}_${secret}`;
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function isSame(one: string, other: string): boolean {
  return timingSafeEqual(Buffer.from(one), Buffer.from(other));
}

function keyFrom(stored: StoredKey): ApiKey {
  const { _id, name, scopes, environment = DEFAULT_ENVIRONMENT_ID, createdAt, revokedAt, lastUsedAt } = stored;
  const { previous = null } = stored;
  return {
    ...{ id: _id, name, scopes, environment, createdAt, revokedAt, lastUsedAt },
    previous: previous && { validUntil: previous.validUntil, lastUsedAt: previous.lastUsedAt },
  };
}
