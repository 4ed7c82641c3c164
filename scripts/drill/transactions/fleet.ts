import { pick } from '../../../src/dev/seeded-random.js';
import { systemClock } from '../../../src/lib/clock.js';
import { MooringError } from '../../../src/lib/errors.js';
import { startWorkerChild, type WorkerChild, type WorkerName } from '../worker-child.js';

/** Which processes there are; each is one of the real entry points. */
export interface FleetOptions {
  readonly apis: number;
  readonly workers: number;
  /** What the workers are; event workers when left out. */
  readonly kind?: Exclude<WorkerName, 'api'>;
  readonly environment: Readonly<Record<string, string>>;
  /** Of the first API; the others have the ones after it. */
  readonly firstPort: number;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

interface Place {
  readonly name: string;
  readonly start: () => WorkerChild;
  child: WorkerChild;
  /** The last one that was killed on purpose. */
  killed: WorkerChild | undefined;
  /** Ended without being killed. */
  hasCrashed: boolean;
}

const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** API and worker processes that die and are replaced. */
export class Fleet {
  readonly urls: readonly string[];
  readonly #places: readonly Place[];

  constructor(private readonly options: FleetOptions) {
    const { apis, workers, kind = 'event-listener.worker', environment, firstPort } = options;
    this.urls = Array.from({ length: apis }, (_, index) => `http://127.0.0.1:${firstPort + index}`);
    const place = (name: string, start: () => WorkerChild): Place => {
      const made: Place = { name, start, child: start(), killed: undefined, hasCrashed: false };
      this.#watch(made);
      return made;
    };
    this.#places = [
      ...this.urls.map((_, index) =>
        place(`api ${index + 1}`, () => startWorkerChild('api', { ...environment, PORT: String(firstPort + index) })),
      ),
      ...Array.from({ length: workers }, (_, index) =>
        place(`${kind} ${index + 1}`, () => startWorkerChild(kind, environment)),
      ),
    ];
  }

  /** Waits until every API answers. Throws MooringError `drill-failed` with what the processes said. */
  async ready(): Promise<void> {
    const deadline = systemClock.monotonic() + START_TIMEOUT_MS;
    for (const url of this.urls) {
      while (
        !(await fetch(`${url}/health/live`).then(
          ({ ok }) => ok,
          () => false,
        ))
      ) {
        const crashed = this.crashed();
        if (crashed.length > 0 || systemClock.monotonic() > deadline) {
          throw new MooringError('drill-failed', `The API at ${url} does not answer. ${crashed.join('\n')}`);
        }
        await systemClock.sleep(LOOK_EVERY_MS);
      }
    }
  }

  /** Kills one of them (-9), whichever it is, and starts it anew at once. Returns what it was. */
  async killOne(): Promise<string> {
    const place = pick(this.#places, this.options.random);
    if (!place) throw new RangeError('a fleet has a process');
    const { child, name } = place;
    place.killed = child;
    child.kill('SIGKILL');
    await child.ended;
    place.child = place.start();
    this.#watch(place);
    return `${name}, pid ${child.pid}`;
  }

  /** Those that ended by themselves, with their last words. */
  crashed(): string[] {
    return this.#places
      .filter(({ hasCrashed }) => hasCrashed)
      .map(({ name, child }) => `${name} ended by itself: ${child.output().slice(-2_000)}`);
  }

  /** Asks all of them to stop once they are up, and waits. Returns those that did not end with 0. */
  async stop(): Promise<string[]> {
    const ends = await Promise.all(
      this.#places.map(async (place) => {
        const { child, name } = place;
        // Until then a signal ends it as it ends any process.
        const start = setTimeout(() => child.kill('SIGKILL'), START_TIMEOUT_MS);
        await child.ready;
        clearTimeout(start);
        child.kill('SIGTERM');
        const patience = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
        const end = await child.ended;
        clearTimeout(patience);
        return end === 0 ? [] : [`${name} ended with ${end}. ${child.output().slice(-2_000)}`];
      }),
    );
    return ends.flat();
  }

  /** Ends what still runs. */
  abandon(): void {
    for (const { child } of this.#places) child.kill('SIGKILL');
  }

  #watch(place: Place): void {
    const { child } = place;
    void child.ended.then((end) => {
      if (child !== place.killed && end !== 0) place.hasCrashed = true;
    });
  }
}
