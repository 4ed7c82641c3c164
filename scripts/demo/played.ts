import type { TrafficLanding } from '../../src/dev/traffic.js';

/** What was made on chain so far, as its makers know it. Only for pacing and for a cross-check: figures come from the ledger. */
export class Played {
  readonly #byName = new Map<string, number>();
  readonly landings: TrafficLanding[] = [];
  events = 0;

  add(names: readonly string[]): void {
    for (const name of names) this.#byName.set(name, (this.#byName.get(name) ?? 0) + 1);
    this.events += names.length;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  addLanding(landing: TrafficLanding): void {
    this.landings.push(landing);
    this.add(landing.events);
  }

  /** Names of which the ledger holds fewer than were made. */
  missingFrom(byName: Readonly<Record<string, number>>): string[] {
    return [...this.#byName].filter(([name, made]) => (byName[name] ?? 0) < made).map(([name]) => name);
  }
}
