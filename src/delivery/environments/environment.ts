/** What is kept apart: its API keys, events, dispatchers and deliveries are nobody else's. */
export interface Environment {
  readonly _id: string;
  /** What people name it by; unique. */
  readonly slug: string;
  readonly name: string;
  readonly chain: {
    /** Modules whose events become event records here, where a dispatcher may take them; null: of every one. */
    readonly programs: readonly string[] | null;
  };
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** The environment of every API key that names none. It has this id in each database, so that no key needs a look to find it. */
export const DEFAULT_ENVIRONMENT_ID = 'env_000000000000000000000000';

/** What a slug looks like. */
export const SLUG = /^[a-z0-9][a-z0-9-]{0,62}$/;
