import type { MongoConnection } from '../../src/store/mongo-connection.js';
import type { Clock } from '../../src/lib/clock.js';
import { readListenerStatus, STATUS_STALE_MS } from '../../src/ledger/listener-status.js';

/** Whether a worker follows this program now: then it applies what a command brought into the ledger. */
export async function workerLives(db: MongoConnection['db'], clock: Clock, program: string): Promise<boolean> {
  const status = await readListenerStatus(db, program);
  return status !== null && clock.now() - status.updatedAt.getTime() < STATUS_STALE_MS;
}
