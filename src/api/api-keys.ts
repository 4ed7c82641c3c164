import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { mongo } from 'mongoose';
import type { Clock } from '../lib/clock.js';

export const SCOPES = ['read', 'write'] as const;
export type Scope = (typeof SCOPES)[number];

/** An API key as it may be shown: without its secret, which nobody keeps. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
  /** To the minute. */
  readonly lastUsedAt: Date | null;
}

interface StoredKey {
  _id: string;
  /** sha256 of the secret. A fast hash will do: the secret is 32 random bytes, not a password. */
  hash: string;
  name: string;
  scopes: Scope[];
  createdAt: Date;
  revokedAt: Date | null;
  lastUsedAt: Date | null;
}

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
  async create(name: string, scopes: readonly Scope[]): Promise<{ key: ApiKey; token: string }> {
    const id = randomBytes(ID_BYTES).toString('hex');
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const stored: StoredKey = {
      _id: id,
      hash: hashOf(secret),
      name,
      scopes: [...scopes],
      createdAt: new Date(this.clock.now()),
      revokedAt: null,
      lastUsedAt: null,
    };
    await this.#keys.insertOne(stored);
    return { key: keyFrom(stored), token: `mk_${id}_${secret}` };
  }

  async list(): Promise<ApiKey[]> {
    return (await this.#keys.find().sort({ createdAt: 1 }).toArray()).map(keyFrom);
  }

  /** From the next request on the key is worth nothing. */
  async revoke(id: string): Promise<'revoked' | 'already-revoked' | 'unknown'> {
    const changed = await this.#keys.updateOne(
      { _id: id, revokedAt: null },
      { $set: { revokedAt: new Date(this.clock.now()) } },
    );
    if (changed.matchedCount === 1) return 'revoked';
    return (await this.#keys.findOne({ _id: id })) ? 'already-revoked' : 'unknown';
  }

  /** The key a token belongs to; null for one that is unknown, wrong or revoked. */
  async verify(token: string): Promise<ApiKey | null> {
    const [, id, secret] = TOKEN.exec(token) ?? [];
    if (id === undefined || secret === undefined) return null;
    const stored = await this.#keys.findOne({ _id: id });
    if (!stored || !timingSafeEqual(Buffer.from(stored.hash), Buffer.from(hashOf(secret)))) return null;
    if (stored.revokedAt !== null) return null;
    await this.#noteUse(stored);
    return keyFrom(stored);
  }

  async #noteUse(stored: StoredKey): Promise<void> {
    const now = this.clock.now();
    if (stored.lastUsedAt && now - stored.lastUsedAt.getTime() < LAST_USED_EVERY_MS) return;
    await this.#keys.updateOne({ _id: stored._id }, { $set: { lastUsedAt: new Date(now) } });
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

function keyFrom({ _id, name, scopes, createdAt, revokedAt, lastUsedAt }: StoredKey): ApiKey {
  return { id: _id, name, scopes, createdAt, revokedAt, lastUsedAt };
}
