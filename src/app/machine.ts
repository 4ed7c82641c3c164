import { openLogSocket, type OpenLogSocket } from '../chain/log-socket.js';
import { processHolderId } from '../leases/lease-keeper.js';
import { systemClock, type Clock } from '../lib/clock.js';

/** What a process takes from the machine it runs on besides database and endpoints. The simulation gives its own. */
export interface Machine {
  readonly clock: Clock;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly openSocket: OpenLogSocket;
  /** A name that no other process ever has: what leases are held by. */
  readonly holder: string;
}

/** The real one. */
export function thisMachine(): Machine {
  return { clock: systemClock, random: Math.random, openSocket: openLogSocket, holder: processHolderId() };
}
