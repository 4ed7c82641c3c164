import type { FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import type { TrafficRun } from '../../../src/dev/traffic.js';
import type { CrowdTraffic } from './crowd-traffic.js';
import type { RouterTraffic } from './router-traffic.js';

/** How long things take, in milliseconds. */
export interface LossTiming {
  /** Traffic of a phase that has no outage. */
  readonly trafficMs: number;
  readonly outageMs: number;
  readonly halfOpenMs: number;
  /** Traffic after an outage is over. */
  readonly afterMs: number;
  /** At least this long after the last transaction everybody may still receive. */
  readonly graceMs: number;
}

/** What can be done beside the ordinary traffic. */
export type BesideTraffic = RouterTraffic & CrowdTraffic;

/** One fault and the traffic that goes on meanwhile. */
export interface Phase {
  readonly name: string;
  readonly without: NonNullable<TrafficRun['without']>;
  /** What is done beside the ordinary traffic, again and again. */
  readonly beside?: keyof BesideTraffic;
  /** How long the fault lasts; traffic goes on after it where it is an outage. */
  readonly faultMs: (timing: LossTiming) => number;
  readonly isOutage: boolean;
  /** Whether the socket gives no sign of being dead: then it counts how soon somebody notices. */
  readonly isSilent?: boolean;
  /** Begins the fault at one contestant's proxy; returns what ends it. */
  readonly begin: (proxy: FaultProxy, timing: LossTiming) => () => void | Promise<void>;
}

const DROPPED_SHARE = 0.05;
/** What the program emits by `emit_cpi!`; these have a phase of their own, so that the others tell of their fault alone. */
const BY_CPI = ['buy', 'comment'] as const;
const nothing = () => () => undefined;

/** In this order, in one run. */
export const PHASES: readonly Phase[] = [
  {
    name: 'quiet',
    without: BY_CPI,
    faultMs: ({ trafficMs }) => trafficMs,
    isOutage: false,
    begin: nothing,
  },
  {
    // Where a leader has to try again in its next slot, it announces executions that never landed.
    name: 'crowded account',
    without: BY_CPI,
    beside: 'crowd',
    faultMs: ({ trafficMs }) => trafficMs,
    isOutage: false,
    begin: nothing,
  },
  {
    name: 'dropped 5 %',
    without: BY_CPI,
    faultMs: ({ trafficMs }) => trafficMs,
    isOutage: false,
    begin: (proxy) =>
      proxy.onNotification((notification, send) => {
        // By signature: everybody misses the same transactions, however often a node announces one.
        if (notification.method === 'logsNotification' && isDropped(signatureOf(notification.params.result))) return;
        send(notification);
      }),
  },
  {
    name: 'outage',
    without: BY_CPI,
    faultMs: ({ outageMs }) => outageMs,
    isOutage: true,
    begin: (proxy, { outageMs }) => {
      const over = proxy.refuse(outageMs);
      return () => over;
    },
  },
  {
    name: 'half-open socket',
    without: BY_CPI,
    faultMs: ({ halfOpenMs }) => halfOpenMs,
    isOutage: true,
    isSilent: true,
    // At the end the dead connection is reset, as a peer does that is back and does not know it: a firewall would not.
    begin: (proxy) => proxy.freezeSockets(),
  },
  {
    name: 'CPI',
    without: [],
    beside: 'byRouter',
    faultMs: ({ trafficMs }) => trafficMs,
    isOutage: false,
    begin: nothing,
  },
  {
    name: 'forged logs',
    without: BY_CPI,
    beside: 'forge',
    faultMs: ({ trafficMs }) => trafficMs,
    isOutage: false,
    begin: nothing,
  },
];

function signatureOf(result: unknown): string {
  return (result as { value?: { signature?: string } }).value?.signature ?? '';
}

/** Signatures are as good as random, and the same at every proxy. */
function isDropped(signature: string): boolean {
  let hash = 0;
  for (const character of signature) hash = (hash * 31 + character.charCodeAt(0)) % 10_007;
  return hash / 10_007 < DROPPED_SHARE;
}
