import type { HealthSource } from '../api/ports.js';
import { readListenerStatus, STATUS_STALE_MS } from '../ledger/listener-status.js';
import type { Foundation } from './foundation.js';

/** Longer than this the database counts as not answering, in milliseconds. */
const DATABASE_PATIENCE_MS = 2_000;

/** Reads how the system is doing from what the event workers wrote last, so that any API process can tell. */
export function createHealthSource({ mongo, modules, machine: { clock } }: Foundation): HealthSource {
  return {
    read: async () => {
      const statuses = await Promise.race([
        Promise.all(modules.map(({ module }) => readListenerStatus(mongo.db, module.name))).catch(() => null),
        clock.sleep(DATABASE_PATIENCE_MS).then(() => null),
      ]);
      return {
        database: statuses !== null,
        programs: modules.map(({ module }, position) => {
          const status = statuses?.[position];
          const fresh = status && clock.now() - status.updatedAt.getTime() < STATUS_STALE_MS ? status : null;
          return {
            name: module.name,
            connected: fresh?.isListening ?? false,
            lastSlot: fresh?.lastSlot ?? null,
            frontier: fresh?.frontierSlot ?? null,
            lag: fresh?.lagSlots ?? null,
            sweepStopped: fresh?.sweepStopped ?? null,
            confirmations: fresh?.confirmations ?? null,
            massSuspicion: fresh?.massSuspicion ?? null,
            replayNeeded: fresh?.replayNeeded ?? null,
          };
        }),
      };
    },
  };
}
