import type { Traffic, TrafficRun } from '../../../src/dev/traffic.js';
import { systemClock as clock } from '../../../src/lib/clock.js';
import type { Progress } from '../progress.js';
import { readCertainHistory, readHistory, type LandedEvent } from './chain-truth.js';
import type { Contestant, Contestants } from './contestants.js';
import { judgeLoss, type LossCounts, type TrueEvent } from './judge-loss.js';
import { isFlawless, totalOf, worseOf, type LossRow } from './loss-rows.js';
import { watchNotice } from './notice-watch.js';
import type { BesideTraffic, LossTiming, Phase } from './phases.js';

/** One phase, with mooring's database as it was at its end. */
export interface PhaseFigures {
  readonly phase: string;
  readonly rows: readonly LossRow[];
  /** Documents of mooring that were not what the chain's accounts and the ledger say. */
  readonly wrongDocuments: number;
}

interface Played {
  readonly phase: Phase;
  readonly firstSlot: number;
  readonly faultEndedAtMs: number;
  readonly noticed: readonly (number | 'never' | null)[];
  readonly mooring: LossCounts;
  readonly wrongDocuments: number;
}

interface Players {
  readonly traffic: Traffic;
  readonly besides: BesideTraffic;
  readonly rpcUrl: string;
}

/** The least time between two transactions of one stall, and of what is done beside: traffic that all can follow. */
const PACE_MS = 400;
/** What mooring does not have by then is lost. */
const PATIENCE_MS = 180_000;
const WARM_UP_MS = 60_000;
const FAILURES_IN_A_ROW = 5;
const LOOK_EVERY_MS = 250;
/** Before the first phase. */
const NO_PHASE = -1;

/** A run of phases: which transaction belongs to which, and what came of it. */
export class LossRun {
  readonly #played: Played[] = [];
  readonly #landed = new Map<string, { readonly phase: number; readonly atMs: number }>();
  readonly #history = new Map<string, readonly LandedEvent[]>();
  #phase = NO_PHASE;

  constructor(
    private readonly timing: LossTiming,
    private readonly progress: Progress,
  ) {}

  /** Index of the phase that is being played. */
  get phase(): number {
    return this.#phase;
  }

  /** Plays until everybody has received something: only then each of them listens. */
  async warmUp({ all }: Contestants, { traffic }: Players): Promise<void> {
    const deadline = clock.monotonic() + WARM_UP_MS;
    let silent: readonly string[] = all.map(({ name }) => name);
    const playing = traffic.run({ ...this.#run(() => silent.length === 0), without: ['buy', 'comment'] });
    const look = async () => {
      while (silent.length > 0 && clock.monotonic() < deadline) {
        await clock.sleep(LOOK_EVERY_MS);
        const heard = await Promise.all(all.map(async ({ name, seen }) => ({ name, count: (await seen()).length })));
        silent = heard.filter(({ count }) => count === 0).map(({ name }) => name);
      }
      const deaf = silent;
      silent = [];
      if (deaf.length > 0) throw new Error(`${deaf.join(', ')} received nothing before any fault`);
    };
    await Promise.all([playing, look()]);
  }

  /** Plays one phase and waits until mooring has everything, or its patience is over. */
  async play(phase: Phase, contestants: Contestants, players: Players): Promise<void> {
    const { all, mooring } = contestants;
    this.#phase += 1;
    this.progress(`loss: ${phase.name}`);
    const firstSlot = (await players.traffic.client.sender.connection.getSlot('confirmed')) + 1;
    let isOver = false;
    const playing = Promise.all([
      players.traffic.run({ ...this.#run(() => isOver), without: phase.without }),
      this.#playBeside(phase, players.besides, () => isOver),
    ]);
    const ends = all.map(({ proxy }) => phase.begin(proxy, this.timing));
    const watches = phase.isSilent ? all.map(({ proxy }) => watchNotice(proxy)) : undefined;
    await Promise.race([clock.sleep(phase.faultMs(this.timing)), playing]);
    const noticed = all.map((_, index) => watches?.[index]?.stop() ?? null);
    let faultEndedAtMs = clock.now();
    if (phase.isOutage) {
      await Promise.all(ends.map(async (end) => end()));
      await Promise.race([clock.sleep(this.timing.afterMs), playing]);
    }
    isOver = true;
    await playing;
    if (!phase.isOutage) {
      await Promise.all(ends.map(async (end) => end()));
      faultEndedAtMs = clock.now();
    }
    const quietSince = clock.monotonic();
    const played = { phase, firstSlot, faultEndedAtMs, noticed };
    const counts = await this.#settle(played, contestants, players.rpcUrl);
    await clock.sleep(Math.max(0, quietSince + this.timing.graceMs - clock.monotonic()));
    this.#played.push({ ...played, mooring: counts, wrongDocuments: await mooring.wrongDocuments() });
  }

  /** Reads the chain's history anew and judges everybody by it. */
  async report({ all, mooring }: Contestants, rpcUrl: string) {
    const truth = this.#truthOf(await readCertainHistory(mooring.reader, rpcUrl), this.#played);
    const judged = await Promise.all(all.map((contestant) => this.#judge(contestant, truth, this.#played)));
    const phases = this.#played.map(({ phase, noticed, mooring: atEnd, wrongDocuments }, place): PhaseFigures => {
      const rows = all.map(({ name }, index): LossRow => {
        const counts = judged[index]?.[place] ?? atEnd;
        const shown = name === mooring.name ? worseOf(counts, atEnd) : counts;
        return { contestant: name, ...shown, noticedSeconds: noticed[index] ?? null };
      });
      return { phase: phase.name, rows, wrongDocuments };
    });
    const totals = all.map(({ name }, index) =>
      totalOf(
        name,
        phases.flatMap(({ rows }) => rows[index] ?? []),
      ),
    );
    const clean =
      phases.every(({ wrongDocuments }) => wrongDocuments === 0) &&
      totals.filter(({ contestant }) => contestant === mooring.name).every(isFlawless);
    return { transactions: [...this.#landed.values()].filter(({ phase }) => phase >= 0).length, phases, totals, clean };
  }

  #run(until: () => boolean): TrafficRun {
    return { paceMs: PACE_MS, until, onLanded: ({ signature }) => this.#note(signature) };
  }

  #note(signature: string): void {
    this.#landed.set(signature, { phase: this.#phase, atMs: clock.now() });
  }

  async #playBeside({ beside }: Phase, besides: BesideTraffic, until: () => boolean): Promise<void> {
    let failures = 0;
    while (beside && !until()) {
      const startedAt = clock.monotonic();
      try {
        for (const signature of [await besides[beside]()].flat()) this.#note(signature);
        failures = 0;
      } catch (error) {
        // A busy chain loses a transaction now and then; what landed unnoticed is found in the history by its slot.
        if (++failures >= FAILURES_IN_A_ROW) throw error;
      }
      await clock.sleep(Math.max(0, startedAt + PACE_MS - clock.monotonic()));
    }
  }

  /** What mooring makes of the phase in the end. */
  async #settle(
    played: Pick<Played, 'firstSlot' | 'faultEndedAtMs'>,
    { mooring }: Contestants,
    rpcUrl: string,
  ): Promise<LossCounts> {
    const deadline = clock.monotonic() + PATIENCE_MS;
    const phases = [...this.#played, played];
    for (;;) {
      const truth = this.#truthOf(await readHistory(mooring.reader, rpcUrl, this.#history), phases);
      const counts = (await this.#judge(mooring, truth, phases)).at(-1) as LossCounts;
      if (isFlawless(counts) || clock.monotonic() > deadline) return counts;
      await clock.sleep(LOOK_EVERY_MS);
    }
  }

  async #judge(
    { name, seen }: Contestant,
    truth: readonly TrueEvent[],
    phases: readonly { readonly faultEndedAtMs: number }[],
  ): Promise<LossCounts[]> {
    return judgeLoss(truth, await seen(), phases, { exactSlots: name === 'mooring' });
  }

  #truthOf(
    history: readonly LandedEvent[],
    phases: readonly { readonly firstSlot: number; readonly faultEndedAtMs: number }[],
  ): TrueEvent[] {
    return history.map((event) => {
      const known = this.#landed.get(event.signature);
      // A stall that never heard whether its transaction landed starts anew; by its slot it belongs to a phase all the same.
      const phase = known?.phase ?? phases.findLastIndex(({ firstSlot }) => firstSlot <= event.slot);
      const isDuringFault = known !== undefined && known.atMs <= (phases[phase]?.faultEndedAtMs ?? 0);
      return { ...event, phase, isDuringFault };
    });
  }
}
