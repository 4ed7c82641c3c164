import type { DevChain } from '../../../src/dev/dev-chain.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { eventKey } from './event-key.js';
import type { SeenEvent } from './judge-loss.js';
import { listenByAnchor, listenByOnLogs, type StartListener } from './listeners.js';
import { startMooringWorker, type MooringWorker } from './mooring-worker.js';

/** Who is compared, behind a proxy of its own. */
export interface Contestant {
  readonly name: string;
  readonly proxy: FaultProxy;
  /** Everything received so far. */
  readonly seen: () => Promise<readonly SeenEvent[]>;
}

/** All of them, listening. */
export interface Contestants {
  /** The last one is mooring. */
  readonly all: readonly Contestant[];
  readonly mooring: Contestant & Omit<MooringWorker, 'seen'>;
  stop(): Promise<void>;
}

const LISTENERS: readonly { readonly name: string; readonly start: StartListener }[] = [
  { name: 'Anchor addEventListener', start: listenByAnchor },
  { name: 'web3.js onLogs', start: listenByOnLogs },
];

/** Starts everybody on the chain. `phaseAt` tells the phase of a time in Unix milliseconds. */
export async function startContestants(
  chain: DevChain,
  uri: string,
  workerSettings: Readonly<Record<string, string>>,
  phaseAt: (ms: number) => number,
): Promise<Contestants> {
  const [[rpcUrl], [wsUrl]] = [chain.rpcUrls, chain.wsUrls];
  if (!rpcUrl || !wsUrl) throw new Error('the chain has no endpoint');
  const upstream = { rpcUrl, wsUrl };
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    for (const step of undo.reverse()) await step();
  };
  const openProxy = async () => {
    const proxy = await startFaultProxy(upstream);
    undo.push(() => proxy.stop());
    return proxy;
  };
  try {
    const proxy = await openProxy();
    const worker = await startMooringWorker(proxy, upstream, uri, workerSettings);
    undo.push(() => worker.stop());
    const mooring = { ...worker, name: 'mooring', proxy, seen: () => worker.seen(phaseAt) };
    const all: Contestant[] = [];
    for (const { name, start } of LISTENERS) {
      const seen: SeenEvent[] = [];
      const own = await openProxy();
      undo.push(
        start(own, ({ signature, slot, name: event, data }) => {
          const atMs = Date.now();
          seen.push({ signature, slot, key: eventKey(event, data), atMs, phase: phaseAt(atMs) });
        }),
      );
      all.push({ name, proxy: own, seen: () => Promise.resolve(seen) });
    }
    return { all: [...all, mooring], mooring, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
