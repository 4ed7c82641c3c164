import { systemClock } from '../../lib/clock.js';
import type { NotificationHandler, RpcHandler } from './json-rpc.js';

/** What went through the proxy and what did not, since its start. */
export interface FaultCounters {
  /** HTTP calls by method; a batch counts each of its calls. */
  readonly httpCalls: Map<string, number>;
  /** Socket requests of the client by method. */
  readonly socketCalls: Map<string, number>;
  /** Notifications of the chain by method, before any fault. */
  readonly notifications: Map<string, number>;
  connectionsOpened: number;
  connectionsOpen: number;
  notificationsDropped: number;
  notificationsDuplicated: number;
  /** Messages and calls that vanished while half-open. */
  swallowed: number;
}

/** A client's socket as it passes through. */
export interface PassedSocket {
  /** Nothing passes it any more, in either direction, and no ping is answered. */
  isFrozen: boolean;
  terminate(): void;
}

/** The state both halves of the proxy look at, message by message. */
export class FaultSwitches {
  readonly counters: FaultCounters = {
    httpCalls: new Map(),
    socketCalls: new Map(),
    notifications: new Map(),
    connectionsOpened: 0,
    connectionsOpen: 0,
    notificationsDropped: 0,
    notificationsDuplicated: 0,
    swallowed: 0,
  };
  readonly sockets = new Set<PassedSocket>();
  readonly rpcHandlers = new Map<string, RpcHandler>();
  notificationHandler: NotificationHandler | undefined;
  delayMs = 0;
  copies = 0;
  isHalfOpen = false;
  shouldDrop: () => boolean = () => false;

  /** Waits until the delay after its arrival (monotonic ms) is over; then says whether the message may pass. */
  async mayPass(arrivedAt: number, socket?: PassedSocket): Promise<boolean> {
    const waitMs = arrivedAt + this.delayMs - systemClock.monotonic();
    if (this.delayMs > 0 && waitMs > 0) await systemClock.sleep(waitMs);
    if (!this.isHalfOpen && !socket?.isFrozen) return true;
    this.counters.swallowed++;
    return false;
  }

  reset(): void {
    this.rpcHandlers.clear();
    this.notificationHandler = undefined;
    this.delayMs = 0;
    this.copies = 0;
    this.isHalfOpen = false;
    this.shouldDrop = () => false;
  }
}

export function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
