import type { FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { systemClock } from '../../../src/lib/clock.js';

const LOOK_EVERY_MS = 50;

/**
 * Watches at the wire when a client gives up its socket or opens another one. `stop` returns the seconds from the start
 * of the watch until then, or `never`.
 */
export function watchNotice({ counters }: FaultProxy): { stop(): number | 'never' } {
  const startedAt = systemClock.monotonic();
  const before = { opened: counters.connectionsOpened, open: counters.connectionsOpen };
  let noticed: number | 'never' = 'never';
  const look = setInterval(() => {
    if (noticed !== 'never') return;
    const isSo = counters.connectionsOpened > before.opened || counters.connectionsOpen < before.open;
    if (isSo) noticed = Math.round((systemClock.monotonic() - startedAt) / 100) / 10;
  }, LOOK_EVERY_MS);
  return {
    stop: () => {
      clearInterval(look);
      return noticed;
    },
  };
}
