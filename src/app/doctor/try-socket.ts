import { LogSubscription } from '../../chain/log-subscription.js';
import type { Log } from '../../lib/log.js';
import type { SocketReading } from '../../ops/doctor/judge-endpoint.js';
import type { Machine } from '../machine.js';

/** Within this a socket that works has subscribed and spoken of a slot, in milliseconds. */
const SOCKET_PATIENCE_MS = 5_000;

/** Subscribes as a worker does, by the same code, until the first slot is heard or the first thing goes wrong. */
export async function trySocket(
  url: string,
  programIds: readonly string[],
  { clock, random, openSocket }: Machine,
): Promise<SocketReading> {
  const begunMs = clock.monotonic();
  const ended = new AbortController();
  let detail = '';
  const note = (fields: object) => {
    if ('detail' in fields) detail = String(fields.detail);
  };
  const log: Log = { debug: () => {}, info: () => {}, warn: note, error: () => {} };
  const outcome = new Promise<SocketReading>((resolve) => {
    const subscription = new LogSubscription({
      ...{ urls: [url], programIds, openSocket, clock, random, log },
      // Silence is judged here, by time alone.
      chain: { slot: () => Promise.reject(new Error('not asked')) },
      callbacks: {
        onNotice: () => {},
        onLive: ({ slot }) => resolve({ kind: 'live', slot, ms: clock.monotonic() - begunMs }),
        onDown: ({ reason }) => resolve({ kind: 'down', reason, detail }),
      },
    });
    subscription.start();
    void clock.sleep(SOCKET_PATIENCE_MS, ended.signal).then(async () => {
      resolve({ kind: 'silent', connected: subscription.status().connected, waitedMs: SOCKET_PATIENCE_MS });
      await subscription.stop();
    });
  });
  try {
    return await outcome;
  } finally {
    ended.abort();
  }
}
