import type { Random } from './random.js';
import type { SimProcess } from './sim-process.js';
import type { VirtualTime } from './virtual-time.js';

/** Who runs at a place now. */
export interface Tenant {
  readonly process: SimProcess;
  /** Aborted when it dies: its connection to the database goes with it. */
  readonly dead: AbortController;
  /** Dies after so many more steps, of those that its world counts; null: lives on. */
  stepsLeft: number | null;
}

interface PlacesDeps {
  readonly time: VirtualTime;
  readonly random: Random;
  readonly journal: { fault(fault: 'process killed' | 'process frozen', detail: string): void };
  /** A supervisor starts a process again after so many milliseconds. */
  readonly restartMs: { readonly least: number; readonly most: number };
  readonly start: (place: number) => void;
}

/** The places of a world at which processes run, die, freeze and are started again. */
export class SimPlaces<T extends Tenant> {
  readonly #tenants: T[] = [];

  constructor(private readonly deps: PlacesDeps) {}

  get all(): readonly T[] {
    return this.#tenants;
  }

  at(place: number): T | undefined {
    return this.#tenants[place];
  }

  take(place: number, tenant: T): void {
    this.#tenants[place] = tenant;
  }

  /** Lets whoever is there die after so many more steps (`countStep`), and after `ms` at the latest. */
  dieAfter(place: number, steps: number, ms: number): void {
    const own = this.at(place);
    if (!own) return;
    own.stepsLeft = steps;
    this.deps.time.after(ms, () => own.stepsLeft !== null && this.kill(place, own));
  }

  /** Something has reached a process that may be at this place. */
  countStep(place: number, process: SimProcess): void {
    const own = this.at(place);
    if (own?.process !== process || own.stepsLeft === null || own.stepsLeft-- > 0) return;
    // After what has just reached it was worked off, wherever that has got to by then.
    own.stepsLeft = null;
    this.deps.time.after(0, () => this.kill(place, own));
  }

  /** Freezes whoever is there for `ms`. False: nobody who lives. */
  freeze(place: number, ms: number): boolean {
    const process = this.at(place)?.process;
    if (!process?.isAlive) return false;
    this.deps.journal.fault('process frozen', process.name);
    process.freeze();
    this.deps.time.after(ms, () => process.thaw());
    return true;
  }

  /** Kills who runs there, if that is still `own`; another one is started after a while. */
  kill(place: number, own: T | undefined = this.at(place)): void {
    if (!own || own.process.isDead || this.at(place) !== own) return;
    this.deps.journal.fault('process killed', own.process.name);
    this.replace(place, own);
  }

  /** Ends who runs there, and has another one started after a while. */
  replace(place: number, { process, dead }: T): void {
    const { time, random, restartMs, start } = this.deps;
    process.kill();
    dead.abort();
    time.after(random.between(restartMs.least, restartMs.most), () => start(place));
  }
}
