import type { mongo } from 'mongoose';
import type { Foundation } from '../../../src/app/foundation.js';
import { startTransactionDesks, type TransactionDesks } from '../../../src/app/transaction-desks.js';
import type { PooledEndpoint } from '../../../src/chain/pooled-endpoint.js';
import { RpcPool } from '../../../src/chain/rpc-pool.js';
import { readConfig } from '../../../src/config/env.js';
import type { Logger } from '../../../src/telemetry/logger.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import { rowsCodec, rowsModule } from './sim-program.js';
import { rowsRoutes } from './tx-commands.js';
import { SIGNER_SECRET_KEYS } from './tx-signers.js';

/** As a slot is an eighth of a real one here, so is what waits for slots. */
const TIMING = {
  ...{ intakeMs: 400, wishesMs: 900, finalityMs: 500, resendMs: 700, proofMs: 700 },
  ...{ noncesMs: 900, bumpMs: 1_500 },
  pollMs: (followedMs: number) => (followedMs < 2_000 ? 120 : 400),
};
const LEASE_TERM_MS = '2000';
/** A few versions over one nonce that offer more each time, and then no more. */
const PRIORITY_FEE_CAP = '6000';

/** Shared by all: nobody reads them here. */
const metrics = createMetrics();

/** What a simulated process is given instead of a machine, a network and a database. */
export interface TxProcessParts {
  readonly process: SimProcess;
  readonly random: Random;
  readonly db: mongo.Db;
  readonly endpoints: readonly PooledEndpoint[];
  /** Versions that may be signed of one request. */
  readonly attempts: number;
  readonly log: Logger;
}

/** Starts what production does for managed transactions, whole, in a simulated process. */
export function startTxProcess(parts: TxProcessParts): Promise<TransactionDesks> {
  const { process, random, db, endpoints, attempts, log } = parts;
  const { clock } = process;
  const close = () => Promise.resolve();
  const config = readConfig({
    ...{ LEASE_TERM_MS, SIGNER_SECRET_KEYS, TRANSACTION_ATTEMPTS: String(attempts), PRIORITY_FEE_CAP },
  });
  const foundation: Foundation = {
    ...{ config, log, metrics, close },
    mongo: { client: db.client, db, close },
    pool: new RpcPool({ endpoints, clock, random: random.next, log }),
    modules: [{ module: rowsModule, codec: rowsCodec }],
    databaseClock: clock,
    machine: {
      ...{ clock, random: random.next, holder: process.name },
      openSocket: () => {
        throw new Error('nobody listens here');
      },
    },
  };
  return startTransactionDesks(foundation, [rowsRoutes], TIMING);
}
