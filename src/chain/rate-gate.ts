import type { Clock } from '../lib/clock.js';
import type { RateBudget, RpcPriority } from './rate-budget.js';

/** Background requests under way at one endpoint: half of what it takes at once (rpc-endpoint.ts), so live ones never queue behind them. */
const MOST_BACKGROUND_AT_ONCE = 8;
/** Below this it is the event loop that was waited for. */
const SHORTEST_WAIT_MS = 1;

interface Waiter {
  readonly cost: number;
  readonly go: () => void;
}

/** One finished wait, for metrics. */
export interface RateWait {
  readonly priority: RpcPriority;
  readonly ms: number;
}

/** The queue in front of an endpoint: keeps its requests to the budget, live ones first. */
export class RateGate {
  readonly #queues: Record<RpcPriority, Waiter[]> = { live: [], background: [] };
  #backgroundUnderWay = 0;
  #pumping = false;
  #sleeping = new AbortController();

  constructor(
    private readonly budget: RateBudget,
    private readonly clock: Clock,
    private readonly onWait: (wait: RateWait) => void,
  ) {}

  /** Resolves when the request may be sent; whoever entered must leave. `cost` = requests in it, as a server counts. */
  async enter(priority: RpcPriority, cost: number): Promise<void> {
    const sinceMs = this.clock.monotonic();
    await new Promise<void>((go) => {
      this.#queues[priority].push({ cost, go });
      this.#wake();
    });
    const ms = this.clock.monotonic() - sinceMs;
    if (ms >= SHORTEST_WAIT_MS) this.onWait({ priority, ms });
  }

  leave(priority: RpcPriority): void {
    if (priority !== 'background') return;
    this.#backgroundUnderWay -= 1;
    this.#wake();
  }

  /** Whoever comes may be let in before the one that is waited for. */
  #wake(): void {
    this.#sleeping.abort();
    void this.#pump();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    for (;;) {
      const live = this.#queues.live[0]?.cost ?? null;
      const hasRoom = this.#backgroundUnderWay < MOST_BACKGROUND_AT_ONCE;
      const background = hasRoom ? (this.#queues.background[0]?.cost ?? null) : null;
      if (live === null && background === null) break;
      const decision = this.budget.decide({ live, background }, this.clock.monotonic());
      if (decision.kind === 'wait') {
        this.#sleeping = new AbortController();
        await this.clock.sleep(decision.ms, this.#sleeping.signal);
        continue;
      }
      if (decision.priority === 'background') this.#backgroundUnderWay += 1;
      this.#queues[decision.priority].shift()?.go();
    }
    this.#pumping = false;
  }
}
