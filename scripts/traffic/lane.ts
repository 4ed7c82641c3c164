import type { Landed } from '../../src/dev/send-and-confirm.js';
import type { TrafficLanding, TrafficRun } from '../../src/dev/traffic.js';
import { systemClock } from '../../src/lib/clock.js';
import { messageOf, MooringError } from '../../src/lib/errors.js';

/** Something somebody did on chain, confirmed. */
export interface LaneStep extends Landed {
  /** That the program emitted for it, by name. */
  readonly events: readonly string[];
  readonly sentence: string;
}

/** People who do one thing after another, for ever: each step begins when it is asked for. */
export type Lane = AsyncGenerator<LaneStep, never>;

/** A lane that fails this often in a row is not unlucky. */
const FAILURES_IN_A_ROW = 5;

/** Lanes at work at the same time, each made anew by `begin` when a step of it failed: what the chain says of it is not known then. */
export class Lanes {
  readonly #lanes: { readonly begin: () => Lane; lane: Lane }[];

  constructor(begin: readonly (() => Lane)[]) {
    this.#lanes = begin.map((begin) => ({ begin, lane: begin() }));
  }

  /**
   * Plays on where the last run ended. Resolves when everything begun has landed.
   * @throws MooringError `traffic-failed` when the chain accepts nothing any more.
   */
  async run(run: Pick<TrafficRun, 'until' | 'onLanded' | 'paceMs'>): Promise<void> {
    await Promise.all(this.#lanes.map((place) => tend(place, run)));
  }
}

async function tend(
  place: { readonly begin: () => Lane; lane: Lane },
  { until, onLanded, paceMs = 0 }: Pick<TrafficRun, 'until' | 'onLanded' | 'paceMs'>,
): Promise<void> {
  let failures = 0;
  while (!until()) {
    const startedAtMs = systemClock.monotonic();
    try {
      const { value } = await place.lane.next();
      const landing: TrafficLanding = { ...value, startedAtMs, landedAtMs: systemClock.monotonic() };
      onLanded?.(landing);
      failures = 0;
      await systemClock.sleep(Math.max(0, startedAtMs + paceMs - landing.landedAtMs));
    } catch (error) {
      if (++failures >= FAILURES_IN_A_ROW) {
        throw new MooringError('traffic-failed', `The chain accepts no traffic any more: ${messageOf(error)}`, {
          cause: error,
        });
      }
      place.lane = place.begin();
    }
  }
}
