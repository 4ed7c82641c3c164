import { EventRelay } from '../delivery/records/relay/event-relay.js';
import { keepLease } from '../leases/lease-keeper.js';
import { StaleFenceError } from '../leases/lease.js';
import { messageOf } from '../lib/errors.js';
import { repeat, type Repeating } from '../lib/repeat.js';
import type { EventAnnouncer } from './event-announcer.js';
import type { Foundation } from './foundation.js';

/** How often it is looked whether something happened that is to be told, in milliseconds: two reads of small documents. */
const RELAY_EVERY_MS = 250;

/**
 * Makes event records of what happens on chain until `stop`, for each installed program while no other process does.
 * `headSlot`: the newest confirmed slot, as far as this process knows it.
 */
export async function relayEvents(
  { config, log, metrics, mongo: { db }, modules, databaseClock: clock, machine: { holder } }: Foundation,
  announcer: EventAnnouncer,
  headSlot: () => number | null,
  stop: AbortSignal,
): Promise<void> {
  if (!config.eventsOut) return;
  const options = { db, clock, log, holder, termMs: config.leaseTermMs };
  const deps = { db, clock, log, metrics, headSlot, maxAgeMs: config.messageMaxAgeMs };
  const relaying = new Map<string, Repeating>();
  const onEvent = ({ program }: { readonly program: string }) => relaying.get(program)?.soon();
  announcer.on('event', onEvent);
  const keepers = modules.map(({ module: { name: program } }) =>
    keepLease(options, `relay:${program}`, stop, async (work, lost) => {
      const relay = new EventRelay(deps, work, program);
      const repeating = repeat(
        clock,
        RELAY_EVERY_MS,
        lost,
        () => relay.pass(lost),
        (error) => log.warn({ program, error: messageOf(error) }, 'events could not be told; it goes on'),
        (error) => error instanceof StaleFenceError,
      );
      relaying.set(program, repeating);
      await repeating.ended.finally(() => relaying.delete(program));
    }),
  );
  await Promise.all(keepers);
  announcer.off('event', onEvent);
}
