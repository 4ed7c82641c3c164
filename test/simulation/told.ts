import type { EventAnnouncer, AnnouncedEvent, AnnouncedTransaction } from '../../src/app/event-announcer.js';
import type { Cluster } from './chain/cluster.js';
import type { FaultPlan } from './fault-plan.js';
import { eventsOf } from './truth.js';

/** What listeners in the workers' processes were told (I7). */
export class Told {
  readonly #events = new Map<string, AnnouncedEvent>();
  readonly #finalized = new Set<string>();
  readonly #orphaned = new Set<string>();

  listenTo(announcer: EventAnnouncer): void {
    announcer.on('event', (event: AnnouncedEvent) => this.#events.set(`${event.id}@${event.slot}`, event));
    announcer.on('transaction-finalized', (one: AnnouncedTransaction) => this.#finalized.add(keyOf(one)));
    announcer.on('transaction-orphaned', (one: AnnouncedTransaction) => this.#orphaned.add(keyOf(one)));
  }

  /**
   * What somebody who listened all the time was not told. Announcements end with their process, so only runs say something
   * in which no process and no commit was cut off.
   */
  missing(cluster: Cluster, plan: FaultPlan): string[] {
    if (plan.faults.some(({ kind }) => kind === 'kill' || kind === 'freeze' || kind === 'database')) return [];
    const true_ = new Set<string>();
    const missing: string[] = [];
    for (const landed of cluster.landed()) {
      const events = eventsOf(landed);
      for (const { id } of events) true_.add(`${id}@${landed.slot}`);
      if (events.length > 0 && !this.#finalized.has(keyOf(landed))) {
        missing.push(`I7: nobody was told that ${landed.signature} of slot ${landed.slot} is final`);
      }
    }
    for (const [key, event] of this.#events) {
      if (true_.has(key) || this.#orphaned.has(keyOf(event))) continue;
      missing.push(`I7: who was told of ${key} was not told that a fork dropped it`);
    }
    return missing;
  }
}

function keyOf({ signature, slot }: { readonly signature: string; readonly slot: number }): string {
  return `${signature}@${slot}`;
}
