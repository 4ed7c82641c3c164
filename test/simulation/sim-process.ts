import type { Clock } from '../../src/lib/clock.js';
import type { Random } from './random.js';
import type { Timer, VirtualTime } from './virtual-time.js';

/** The wall clock of a machine at the beginning, if it is right. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
/** How wrong a machine's wall clock may be, in milliseconds. */
const LARGEST_SKEW_MS = 3_600_000;

/**
 * A process as its machine sees it: everything that reaches it from outside (timers, answers, messages) passes here. A
 * dead one hears nothing ever again; a frozen one (SIGSTOP, a long pause) hears everything later, at once.
 */
export class SimProcess {
  #state: 'alive' | 'frozen' | 'dead' = 'alive';
  #backlog: (() => void)[] = [];
  readonly clock: Clock;

  constructor(
    readonly name: string,
    private readonly time: VirtualTime,
    random: Random,
    hasSkew: boolean,
    /** Told whose event it is now. */
    private readonly onRun: (process: SimProcess) => void,
    /** For how long it was switched off while wall clocks went on, in milliseconds. */
    sleptMs: () => number = () => 0,
  ) {
    const skewMs = hasSkew ? random.between(-LARGEST_SKEW_MS, LARGEST_SKEW_MS) : 0;
    const bootMs = random.between(0, 1e9);
    // A quartz may run a few percent off in a bad virtual machine; leases must bear it.
    const rate = hasSkew ? random.between(0.97, 1.03) : 1;
    this.clock = {
      now: () => Math.round(EPOCH_MS + time.now * rate + skewMs + sleptMs()),
      monotonic: () => bootMs + time.now * rate,
      sleep: (ms, signal) => this.#sleep(ms / rate, signal),
    };
  }

  get isAlive(): boolean {
    return this.#state === 'alive';
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isFrozen(): boolean {
    return this.#state === 'frozen';
  }

  /** Lets something reach the process after `ms` of travel. */
  after(ms: number, run: () => void): Timer {
    return this.time.after(ms, () => this.#deliver(run));
  }

  /** Lets something of the process reach others after `ms` of travel, whatever becomes of the process meanwhile. */
  send(ms: number, arrive: () => void): Timer {
    return this.time.after(ms, arrive);
  }

  kill(): void {
    this.#state = 'dead';
    this.#backlog = [];
  }

  freeze(): void {
    if (this.#state === 'alive') this.#state = 'frozen';
  }

  thaw(): void {
    if (this.#state !== 'frozen') return;
    this.#state = 'alive';
    // One by one: each with everything it sets in motion, as the event loop of a woken process works them off.
    for (const run of this.#backlog) this.time.after(0, () => this.#deliver(run));
    this.#backlog = [];
  }

  #deliver(run: () => void): void {
    if (this.#state === 'alive') {
      this.onRun(this);
      run();
    } else if (this.#state === 'frozen') this.#backlog.push(run);
  }

  #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', wake);
        resolve();
      });
      const wake = () => {
        timer.cancel();
        resolve();
      };
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
