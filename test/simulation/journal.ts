/** Everything that can go wrong in the simulated world. */
export const FAULTS = [
  'fork: transactions dropped',
  'fork: transactions land again',
  'slots skipped',
  'socket cut',
  'socket half-open',
  'socket refused',
  'notifications dropped',
  'notifications doubled',
  'notifications out of order',
  'executions that never landed',
  'logs cut off',
  'logs not kept',
  'endpoint down',
  'endpoint silent',
  'endpoint limits the rate',
  'endpoint lags',
  'endpoint answers nonsense',
  'endpoint lists incompletely',
  'pages cut short',
  'endpoint does not know transactions',
  'endpoint denies what landed',
  'database fails before',
  'database fails after',
  'process killed',
  'process frozen',
  'handler throws',
  'clocks wrong',
  'endpoint hides accounts',
  'document changed by somebody',
  'document deleted by somebody',
  'document invented by somebody',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The ways in which mooring gets right again. */
export const PATHS = [
  'applied at once',
  'stored first, applied later',
  'late record folded in',
  'dispute settled by the chain',
  'landed again elsewhere',
  'rolled back',
  'found by the sweep',
  'frontier held back',
  'socket rebuilt',
  'lease taken over',
  'accounts read instead of logs',
  'made final',
  'put right on request',
  'marked as orphaned',
] as const;
export type RecoveryPath = (typeof PATHS)[number];

/** A path counts as met by every fault of this many milliseconds before it. */
const MEETING_MS = 15_000;

/** What happened in one run, by time. */
export class Journal<F extends string = Fault, P extends string = RecoveryPath> {
  readonly #lastFault = new Map<F, number>();
  readonly #standing = new Set<F>();
  readonly faults = new Map<F, number>();
  readonly meetings = new Map<string, number>();
  readonly lines: string[] = [];

  constructor(
    private readonly now: () => number,
    private readonly isVerbose: boolean,
  ) {}

  fault(fault: F, detail = ''): void {
    this.#lastFault.set(fault, this.now());
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
    this.say(`! ${fault} ${detail}`);
  }

  /** A fault that lasts for the whole run. */
  standingFault(fault: F): void {
    this.fault(fault);
    this.#standing.add(fault);
  }

  recovered(path: P): void {
    for (const [fault, at] of this.#lastFault) {
      if (this.now() - at > MEETING_MS && !this.#standing.has(fault)) continue;
      const key = meetingKey(fault, path);
      this.meetings.set(key, (this.meetings.get(key) ?? 0) + 1);
    }
  }

  say(line: string): void {
    if (this.isVerbose) this.lines.push(`${(this.now() / 1_000).toFixed(3).padStart(9)} ${line}`);
  }
}

export function meetingKey(fault: string, path: string): string {
  return `${fault} × ${path}`;
}
