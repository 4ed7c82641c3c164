import type { ChainPort, SignatureStatus } from '../chain/chain-port.js';
import type { Clock } from '../lib/clock.js';

/** What one node says of one signature, and the slot its answer speaks of. */
export interface StatusAnswer {
  readonly contextSlot: number;
  readonly status: SignatureStatus | null;
}

interface Waiting {
  readonly signature: string;
  readonly resolve: (answer: StatusAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** Between the begins of two calls: however many transactions are followed, an endpoint is not asked more often. */
const CALL_EVERY_MS = 75;

/**
 * Asks for the statuses of many signatures in one call: one at a time, and what comes up meanwhile goes with the next.
 * A question never joins a call that has begun, so that an answer is younger than its question (a proof of expiry rests
 * on that).
 */
export class StatusBatch {
  #waiting: Waiting[] = [];
  #asking = false;
  #nextAt = -Infinity;

  constructor(
    private readonly chain: Pick<ChainPort, 'signatureStatuses'>,
    private readonly clock: Clock,
  ) {}

  /** Throws RpcError when the call it went with did. */
  ask(signature: string): Promise<StatusAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ signature, resolve, reject });
      if (!this.#asking) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#asking = true;
    while (this.#waiting.length > 0) {
      await this.clock.sleep(Math.max(0, this.#nextAt - this.clock.monotonic()));
      this.#nextAt = this.clock.monotonic() + CALL_EVERY_MS;
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        const { contextSlot, statuses } = await this.chain.signatureStatuses(batch.map(({ signature }) => signature));
        batch.forEach(({ resolve }, position) => resolve({ contextSlot, status: statuses[position] ?? null }));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#asking = false;
  }
}
