import { loadDotEnv, readConfig, type Config } from '../config/env.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { followStable, type StableItem } from '../ledger/stable-stream.js';
import type { StreamStart } from '../ledger/stream-cursor.js';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { connectMongo } from '../store/mongo-connection.js';
import { installedDomains } from './installed-domains.js';
import { requiredDatabase } from './required-endpoints.js';

/** Which events, from where on. */
export interface StableEventsOptions {
  /** Name of the module. */
  readonly program: string;
  /** Unset: what becomes stable from now on. */
  readonly from?: StreamStart;
  /** Event names; unset: all. */
  readonly names?: readonly string[];
  /** Ends the iteration, without an error. */
  readonly signal?: AbortSignal;
  /** Unset: the environment (.env). */
  readonly config?: Config;
  /** Unset: the installed domains (MOORING_DOMAINS). */
  readonly modules?: readonly DomainModule[];
}

/**
 * The final events of a program in the chain's order, read from the ledger as they are asked for, and the slots up to which
 * they are complete (docs/stream.md). Needs the database alone; a worker has to run somewhere. A connection of its own is
 * open as long as it is iterated.
 * @throws MooringError `unknown-program`, `unknown-event`, `stream-cursor-invalid`, `stream-cursor-expired`,
 * `database-unreachable`; what the database throws: to go on, begin again after the last cursor.
 */
export async function* stableEvents(options: StableEventsOptions): AsyncGenerator<StableItem, void, undefined> {
  const { program, from = 'now', names = null, signal = new AbortController().signal } = options;
  if (!options.config) loadDotEnv();
  const config = options.config ?? readConfig();
  const modules = options.modules ?? (await installedDomains(config)).map(({ module }) => module);
  assertKnown(modules, program, names ?? []);
  const mongo = await connectMongo(requiredDatabase(config), config.mongodbDatabase);
  try {
    yield* followStable({ db: mongo.db, clock: systemClock }, { program, names, from, signal });
  } finally {
    await mongo.close();
  }
}

function assertKnown(modules: readonly DomainModule[], program: string, names: readonly string[]): void {
  const module = modules.find(({ name }) => name === program);
  if (!module) {
    const installed = modules.map(({ name }) => name).join(', ');
    throw new MooringError('unknown-program', `No program ${program} is installed; there are ${installed}.`);
  }
  const unknown = names.find((name) => !Object.hasOwn(module.events, name));
  if (unknown !== undefined) {
    const known = Object.keys(module.events).join(', ');
    throw new MooringError('unknown-event', `${program} has no event ${unknown}; it has ${known}.`);
  }
}
