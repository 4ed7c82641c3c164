import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import type { SubscriptionMessage } from './subscription-message.js';

/** When a better socket is tried. Times in milliseconds. */
export interface FailBackTiming {
  /** From going live on a URL that is not the preferred one to trying that again; doubles after each failure. */
  readonly failBackMs: number;
  /** From opening the trial socket to a slot that is good enough. */
  readonly trialTimeoutMs: number;
}

export const DEFAULT_FAIL_BACK_TIMING: FailBackTiming = { failBackMs: 60_000, trialTimeoutMs: 10_000 };

/** What the shell has to do with the trial socket, in order. */
export type FailBackEffect =
  | { readonly do: 'open-trial'; readonly urlIndex: number }
  | { readonly do: 'send-trial'; readonly text: string }
  | { readonly do: 'close-trial' }
  /** The trial went well: give the present connection up for this URL. */
  | { readonly do: 'move'; readonly urlIndex: number };

/** What the present connection looks like, as the decision needs it. */
export interface PresentSocket {
  readonly live: boolean;
  /** Live for so long that it counts as settled. */
  readonly stable: boolean;
  readonly urlIndex: number;
  /** The newest slot this connection spoke of. */
  readonly slot: number | null;
}

type Phase =
  | { readonly name: 'idle' }
  | { readonly name: 'waiting'; readonly untilMs: number }
  | { readonly name: 'trying'; readonly urlIndex: number; readonly untilMs: number };

// A dead preferred endpoint costs one connection in ten minutes; jitter, so that many processes do not return in step.
const LONGEST_WAIT_MS = 10 * 60_000;
const JITTER = 0.5;
/** Two healthy nodes hear of slots at slightly different times, and see other forks. */
const SLACK_SLOTS = 4;
const SLOTS_REQUEST_ID = 1;

/**
 * Decides when a socket that is preferred to the present one is tried on the side, and whether to move over: only to
 * one that speaks of slots that are not behind ours. No I/O and no clock: every method takes what happened and the
 * monotonic time in milliseconds and returns what to do.
 */
export class SocketFailBack {
  #phase: Phase = { name: 'idle' };
  #trials = 0;
  /** Trials that failed since the preferred connection was last stable. */
  #failures = 0;
  #subscription: string | null = null;
  readonly #wait: BackoffPolicy;

  constructor(
    private readonly timing: FailBackTiming,
    private readonly random: () => number,
  ) {
    this.#wait = { firstMs: timing.failBackMs, maxMs: Math.max(LONGEST_WAIT_MS, timing.failBackMs), jitter: JITTER };
  }

  /** To be called a few times a second. */
  tick(present: PresentSocket, nowMs: number): FailBackEffect[] {
    if (present.stable && present.urlIndex === 0) this.#failures = 0;
    // While the present one is down it looks for the next URL itself, and may well come to the preferred one.
    if (!present.live || present.urlIndex === 0) return this.#rest();
    switch (this.#phase.name) {
      case 'idle':
        this.#waitAgain(nowMs);
        return [];
      case 'waiting':
        return nowMs >= this.#phase.untilMs ? this.#try(present, nowMs) : [];
      case 'trying':
        return nowMs >= this.#phase.untilMs ? this.#giveUp(nowMs) : [];
    }
  }

  onOpen(): FailBackEffect[] {
    if (this.#phase.name !== 'trying') return [];
    const request = { jsonrpc: '2.0', id: SLOTS_REQUEST_ID, method: 'slotSubscribe', params: [] };
    return [{ do: 'send-trial', text: JSON.stringify(request) }];
  }

  onMessage(message: SubscriptionMessage, present: PresentSocket, nowMs: number): FailBackEffect[] {
    if (this.#phase.name !== 'trying') return [];
    if (message.kind === 'rejected') return this.#giveUp(nowMs);
    if (message.kind === 'ack' && message.requestId === SLOTS_REQUEST_ID) this.#subscription = message.subscription;
    if (message.kind !== 'slot' || message.subscription !== this.#subscription) return [];
    if (message.slot < (present.slot ?? 0) - SLACK_SLOTS) return [];
    const { urlIndex } = this.#phase;
    // Should the new connection fail after all, the next trial is as far away as after a failed one.
    this.#failures += 1;
    return [...this.#rest(), { do: 'move', urlIndex }];
  }

  /** The trial socket closed, or could not be opened. */
  onClose(nowMs: number): FailBackEffect[] {
    return this.#phase.name === 'trying' ? this.#giveUp(nowMs) : [];
  }

  stop(): FailBackEffect[] {
    return this.#rest();
  }

  /** Those preferred to the present one, the most preferred first, in turn. */
  #try(present: PresentSocket, nowMs: number): FailBackEffect[] {
    const urlIndex = this.#trials % present.urlIndex;
    this.#trials += 1;
    this.#subscription = null;
    this.#phase = { name: 'trying', urlIndex, untilMs: nowMs + this.timing.trialTimeoutMs };
    return [{ do: 'open-trial', urlIndex }];
  }

  #giveUp(nowMs: number): FailBackEffect[] {
    this.#failures += 1;
    this.#waitAgain(nowMs);
    return [{ do: 'close-trial' }];
  }

  #waitAgain(nowMs: number): void {
    this.#phase = { name: 'waiting', untilMs: nowMs + backoffMs(this.#wait, this.#failures, this.random) };
  }

  #rest(): FailBackEffect[] {
    const wasTrying = this.#phase.name === 'trying';
    this.#phase = { name: 'idle' };
    this.#trials = 0;
    return wasTrying ? [{ do: 'close-trial' }] : [];
  }
}
