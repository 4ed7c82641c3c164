import type { DatabaseKind } from './resolve-database.js';

/** A database to develop and test against. */
export interface DevDatabase {
  readonly kind: DatabaseKind;
  /** Without a database name: see `withDatabase`. */
  readonly uri: string;
  /** What the server says of itself in `buildInfo`; a stand-in names the MongoDB version it imitates. */
  readonly version?: string;
  /** Ends what was started; leaves an external database alone. Safe to call twice. */
  stop(): Promise<void>;
}
