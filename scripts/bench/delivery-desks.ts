import type { mongo } from 'mongoose';
import { DELIVERY_TIMING } from '../../src/delivery/desk/delivery-timing.js';
import { invokeByWebhook } from '../../src/delivery/desk/invoke.js';
import { deskLease, runDesk, type RunningDesk } from '../../src/delivery/desk/run-desk.js';
import { reachOf } from '../../src/delivery/dispatchers/reach-of.js';
import { WebhookSender } from '../../src/delivery/webhooks/webhook-sender.js';
import { keepLease } from '../../src/leases/lease-keeper.js';
import { systemClock as clock } from '../../src/lib/clock.js';
import { createLogger } from '../../src/telemetry/logger.js';
import { createMetrics } from '../../src/telemetry/metrics.js';

/** Works at these desks in this process, with the real sender, until it is stopped. */
export function openDesks(db: mongo.Db, numbers: readonly number[]): { readonly stop: () => Promise<void> } {
  const log = createLogger({ logLevel: 'silent', logPretty: false });
  const sender = new WebhookSender({ version: 'bench', allowPrivate: true, now: () => clock.now() });
  const desks = new Map<number, RunningDesk>();
  const deps = {
    ...{ db, clock, log, metrics: createMetrics(), random: Math.random, timing: DELIVERY_TIMING },
    invoke: invokeByWebhook((request, signal) => sender.send(request, signal)),
    reach: (record: Parameters<typeof reachOf>[1]) => reachOf(db, record),
    wake: (those: ReadonlySet<number>) => those.forEach((desk) => desks.get(desk)?.wake()),
    wakeJobs: () => {},
  };
  const stop = new AbortController();
  const options = { db, clock, log, holder: 'bench', termMs: 10_000 };
  const keeping = numbers.map((desk) =>
    keepLease(options, deskLease(desk), stop.signal, (work, lost) => {
      const running = runDesk(deps, desk, work, lost);
      desks.set(desk, running);
      return running.ended;
    }),
  );
  return {
    stop: async () => {
      stop.abort();
      await Promise.all(keeping);
      await sender.close();
    },
  };
}
