import { systemClock } from '../../src/lib/clock.js';
import { audit } from '../../src/reconcile/audit.js';
import { describeAudit } from '../../src/reconcile/describe-audit.js';
import { playApiStory } from './api-story.js';
import { playChainStory, tellKind } from './chain-story.js';
import { tellAddresses, tellFigures } from './farewell.js';
import { playFinality } from './finality-story.js';
import { percentile } from './latency-observer.js';
import { readLedgerFigures } from './ledger-figures.js';
import type { DemoOptions } from './options.js';
import { Played } from './played.js';
import { setScene, type CleanUp } from './scene.js';
import { playSocketLoss } from './socket-loss.js';
import { seconds, type Terminal } from './terminal.js';

/** What `--json` prints. Everything but the times is counted in the database. */
export interface DemoSummary {
  readonly events: {
    readonly ingested: number;
    readonly applied: number;
    readonly finalized: number;
    readonly orphaned: number;
    readonly dead: number;
  };
  readonly byName: Readonly<Record<string, number>>;
  readonly audit: {
    readonly documents: number;
    readonly drift: number;
    readonly missing: number;
    readonly orphaned: number;
    /** Only where there are any. */
    readonly unrecorded?: number;
  };
  readonly latencyMs: { readonly p50: number | null; readonly p99: number | null };
  readonly wallMs: number;
}

/** One action of a stall in this time, in milliseconds: slow enough to be watched, and to measure more than overload. */
const PACE_MS = 200;
/** With more events than this, volume is what was asked for: as fast as the chain takes it. */
const MOST_PACED_EVENTS = 2_000;
/** Shares of the traffic up to the socket loss and while it lasts; the rest comes afterwards. */
const BEFORE_LOSS = 0.55;
const DURING_LOSS = 0.2;

/** Plays the whole demo and tells it. Throws MooringError when it cannot be played. */
export async function playDemo(
  options: DemoOptions,
  environment: Readonly<Record<string, string | undefined>>,
  terminal: Terminal,
  cleanUp: CleanUp,
  stopped: AbortSignal,
): Promise<DemoSummary> {
  const startedAt = performance.now();
  const paceMs = options.events <= MOST_PACED_EVENTS ? PACE_MS : 0;
  const played = new Played();

  terminal.line(terminal.style('bold', 'mooring: Solana program events, moored in MongoDB'));
  terminal.heading('Setting up');
  const scene = await setScene(options, environment, terminal, cleanUp);
  const { db } = scene.stack.foundation.mongo;

  terminal.heading('A shop on the harbour: through the API, chain first');
  played.add(await playApiStory(scene, terminal));
  terminal.line(terminal.style('dim', `  first sight after ${seconds(performance.now() - startedAt)}`));

  terminal.heading('The market: wallets act on chain, mooring listens');
  const oracle = scene.startOracle(db, {
    answered: (_, { slot }) => {
      if (!played.has('PacketRandomReady'))
        tellKind(terminal, 'PacketRandomReady', 'An oracle brings the randomness', slot);
      played.add(['PacketRandomReady']);
    },
    trouble: (reason) => terminal.line(terminal.style('dim', `    the oracle tries again: ${reason}`)),
  });
  cleanUp(() => oracle.stop());
  const onChain = Math.max(0, options.events - played.events);
  const upTo = (share: number) => played.events + Math.round(onChain * share);
  await playChainStory(scene, played, terminal, { events: upTo(BEFORE_LOSS), paceMs, stopped });

  terminal.heading('The socket dies');
  await playSocketLoss(scene, played, terminal, {
    eventsWhileDown: Math.max(1, Math.round(onChain * DURING_LOSS)),
    paceMs,
    stopped,
  });
  await scene.traffic.run({
    paceMs,
    until: () => played.events >= options.events || stopped.aborted,
    onLanded: (landing) => played.addLanding(landing),
  });

  // What it answered later would be no part of the story; a packet that waits for it goes on waiting.
  await oracle.stop();

  terminal.heading('Finality: 32 slots later');
  const figures = await playFinality(scene, played, terminal, stopped);

  terminal.heading('Events');
  tellFigures(figures, terminal);
  const readings = scene.latency.readings();
  const latencyMs = { p50: percentile(readings, 0.5), p99: percentile(readings, 0.99) };
  terminal.line();
  terminal.line(
    `  confirmed → readable: ${terminal.style('bold', `p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`)} ` +
      terminal.style('dim', `(${readings.length} events, by an observer of its own)`),
  );

  terminal.heading('Audit: documents = ledger = chain');
  const { pool, modules } = scene.stack.foundation;
  const report = await audit({ db, chain: pool.chain, clock: systemClock }, modules);
  const mark = report.differences.length === 0 ? terminal.style('green', '✓') : terminal.style('red', '✗');
  for (const line of describeAudit(report)) terminal.line(`  ${mark} ${line}`);

  // Read again: what the audit has just looked at.
  const { byName, ...events } = await readLedgerFigures(db);
  const { documents, drift, missing, orphaned, unrecorded } = report;
  const wallMs = Math.round(performance.now() - startedAt);
  if (events.dead > 0) terminal.line(`  ${terminal.style('red', '✗')} ${events.dead} events are dead or unreadable`);
  terminal.line(terminal.style('dim', `  the whole story took ${seconds(wallMs)}`));

  if (!options.exit) {
    terminal.heading('Look around');
    await tellAddresses(scene, terminal);
    terminal.line();
    terminal.line('  Ctrl-C ends it.');
  }
  const counts = { documents, drift, missing, orphaned, ...(unrecorded > 0 ? { unrecorded } : {}) };
  return { events, byName, audit: counts, latencyMs, wallMs };
}

/** Nothing differs, nothing is dead, and every event is applied and final. */
export function isClean({ events, audit }: DemoSummary): boolean {
  const { ingested, applied, finalized, dead, orphaned } = events;
  return (
    audit.drift + audit.missing + audit.orphaned + (audit.unrecorded ?? 0) === 0 &&
    dead === 0 &&
    applied === ingested - orphaned &&
    finalized === applied
  );
}
