import { Connection } from '@solana/web3.js';
import { systemClock } from '../../src/lib/clock.js';
import { MooringError } from '../../src/lib/errors.js';
import { eventsOf } from '../drill/chain-events.js';
import { readArrivals } from './ledger-figures.js';
import type { Played } from './played.js';
import type { Scene } from './scene.js';
import { seconds, type Terminal } from './terminal.js';

/** At least: long enough that the first attempts to reconnect fail. */
const DOWN_MS = 2_000;
/** At most: a chain that is busy may still not confirm this many. */
const LONGEST_DOWN_MS = 6_000;
const RECOVERY_TIMEOUT_MS = 60_000;

/**
 * Tears the socket's TCP connection and refuses new ones while the traffic goes on, then mends the path. What was sent
 * and confirmed in between was never announced to anybody; all of it must be in the documents soon after.
 */
export async function playSocketLoss(
  { chain, traffic, stack, tripwire, latency }: Scene,
  played: Played,
  terminal: Terminal,
  target: { readonly eventsWhileDown: number; readonly paceMs: number; readonly stopped: AbortSignal },
): Promise<void> {
  latency.pause();
  const firstLanding = played.landings.length;
  const begunWith = played.events;
  const cutAt = performance.now();
  tripwire.cut();
  terminal.line(`  ${terminal.style('red', '✗')} the connection of the log subscription is cut; new ones are refused`);
  terminal.below(
    () =>
      `${played.events - begunWith} events happen on chain meanwhile; reconnect attempts: ${stack.worker.status().reconnectAttempts}`,
  );
  await traffic.run({
    paceMs: target.paceMs,
    until: () => {
      const isEnough = played.events - begunWith >= target.eventsWhileDown;
      return isEnough || performance.now() - cutAt > LONGEST_DOWN_MS || target.stopped.aborted;
    },
    onLanded: (landing) => played.addLanding(landing),
  });
  await systemClock.sleep(Math.max(0, cutAt + DOWN_MS - performance.now()), target.stopped);
  const attempts = stack.worker.status().reconnectAttempts;
  const mendedAt = performance.now();
  tripwire.mend();

  // Begun after the cut, confirmed before the mending: no socket can have spoken of these.
  const unheard = played.landings
    .slice(firstLanding)
    .filter(({ startedAtMs, landedAtMs }) => startedAtMs > cutAt && landedAtMs < mendedAt)
    .map(({ signature }) => signature);
  const connection = new Connection(chain.rpcUrls[0] as string, 'confirmed');
  let happened = 0;
  for (const { module } of stack.foundation.modules) {
    happened += (await eventsOf(connection, module.program.idl, unheard)).length;
  }
  terminal.below(() => `the path is mended; looking for ${happened} events that nobody announced`);
  const { db } = stack.foundation.mongo;
  let arrived = await readArrivals(db, unheard);
  let liveAt: number | undefined;
  while (arrived.applied < happened || liveAt === undefined) {
    if (liveAt === undefined && stack.worker.status().live) liveAt = performance.now();
    if (target.stopped.aborted) return;
    if (performance.now() - mendedAt > RECOVERY_TIMEOUT_MS) {
      throw new MooringError(
        'demo-failed',
        `Only ${arrived.applied} of ${happened} events came after the socket loss.`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
    arrived = await readArrivals(db, unheard);
  }
  terminal.below(undefined);
  const doors = Object.entries(arrived.bySource)
    .map(([source, n]) => `${n} by ${DOORS[source] ?? source}`)
    .join(', ');
  terminal.line(
    `  ${terminal.style('green', '✓')} the socket is back after ${seconds(liveAt - cutAt)} and ${attempts} failed attempts`,
  );
  const sentence = `${happened} events happened while it was down; all ${arrived.applied} arrived`;
  terminal.line(`  ${terminal.style('green', '✓')} ${terminal.style('bold', sentence)}`);
  const recovered = seconds(performance.now() - mendedAt);
  terminal.line(terminal.style('dim', `    ${doors}; the last one ${recovered} after the path was mended`));
  latency.resume();
}

const DOORS: Readonly<Record<string, string>> = {
  sweep: "the sweep of the chain's history",
  socket: 'the socket',
};
