import type { RpcPool } from '../chain/rpc-pool.js';
import type { Config } from '../config/env.js';
import { compileProgramCodec } from '../decoding/idl-codec.js';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { ensureDefaultEnvironment } from '../delivery/environments/environment-store.js';
import type { Clock } from '../lib/clock.js';
import { mirroredFields } from '../reconcile/mirrored-fields.js';
import { bindToChain } from '../store/chain-identity.js';
import { readDatabaseTime } from '../store/database-time.js';
import { connectMongo, type MongoConnection } from '../store/mongo-connection.js';
import { assertTransactions } from '../store/transactions.js';
import type { Logger } from '../telemetry/logger.js';
import type { Metrics } from '../telemetry/metrics.js';
import { warnOfAbsentPrograms } from './absent-programs.js';
import { createPool } from './create-pool.js';
import { followDatabaseClock, type DatabaseClock } from './database-clock.js';
import { ensureAllIndexes } from './ensure-all-indexes.js';
import { agreedGenesis } from './genesis.js';
import { thisMachine, type Machine } from './machine.js';
import { settingsOf } from './settings-of.js';

/** A domain with its program's codec. */
export interface InstalledModule {
  readonly module: DomainModule;
  readonly codec: ProgramCodec;
}

/** What every process of mooring stands on. */
export interface Foundation {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly mongo: MongoConnection;
  readonly pool: RpcPool;
  readonly modules: readonly InstalledModule[];
  readonly machine: Machine;
  /** Shows the database's time, which all processes share: what is scheduled is due by it. */
  readonly databaseClock: Clock;
  close(): Promise<void>;
}

/** The endpoints a process talks to; `config` may leave them open where an embedded stack provides them. */
export interface Endpoints {
  readonly rpcUrls: readonly string[];
  readonly wsUrls: readonly string[];
  readonly mongodbUri: string;
}

/**
 * Connects to the database and the chain and checks both: transactions work, the indexes are there, and the database
 * belongs to this chain.
 * @throws MooringError with what to do.
 */
export async function layFoundation(
  config: Config,
  endpoints: Endpoints,
  domains: readonly DomainModule[],
  log: Logger,
  metrics: Metrics,
): Promise<Foundation> {
  const machine = thisMachine();
  const modules = domains.map((module) => installModule(config, module));
  const pool = createPool(config, endpoints.rpcUrls, machine, log, metrics);
  const mongo = await connectMongo(endpoints.mongodbUri, config.mongodbDatabase);
  let following: DatabaseClock | undefined;
  const close = async () => {
    await following?.stop();
    await pool.close();
    await mongo.close();
  };
  try {
    await assertTransactions(mongo.client, mongo.db);
    const readTime = () => readDatabaseTime(mongo.db);
    following = await followDatabaseClock({ clock: machine.clock, log, readTime });
    await ensureAllIndexes(
      mongo.db,
      modules.map(({ module }) => module),
    );
    await ensureDefaultEnvironment(mongo.db, new Date(machine.clock.now()));
    await bindToChain(mongo.db, await agreedGenesis(pool, machine.clock, log));
    await warnOfAbsentPrograms(pool.chain, modules, log);
    return { config, log, metrics, mongo, pool, modules, machine, databaseClock: following.clock, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * The module at the address that the settings say, with its codec.
 * @throws MooringError `idl-invalid`, `domains-invalid`, `config-invalid`
 */
export function installModule(config: Config, module: DomainModule): InstalledModule {
  const addresses: Readonly<Record<string, string | undefined>> = config.programAddresses;
  const address = addresses[module.name] ?? module.program.address;
  const installed: DomainModule = { ...module, program: { ...module.program, address } };
  const codec = compileProgramCodec(installed.program.idl, address, module.program.history);
  // Refused here, not in the middle of a pass.
  mirroredFields(installed, codec);
  settingsOf(config, installed);
  return { module: installed, codec };
}
