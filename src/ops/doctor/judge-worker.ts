import type { Frontier } from '../../ledger/frontier.js';
import { STATUS_STALE_MS, type ListenerStatus } from '../../ledger/listener-status.js';
import type { ReplayNeeded } from '../../ledger/projection-version.js';
import type { Replay } from '../../ledger/replay-request.js';
import { fail, ok, skipped, warn, type Judgement } from './finding.js';
import { explainSweepStop } from './sweep-stop.js';
import { counted, span } from './words.js';

const START_ONE = 'Start one: npm run worker. If one runs, see its log.';
/** Several times what a worker takes (docs/benchmarks.md, memory), in bytes. */
const MUCH_MEMORY_BYTES = 1024 * 1024 * 1024;
const BYTES_PER_MB = 1024 * 1024;

/** Whether somebody follows the program now. */
export function judgeAlive(status: ListenerStatus | null, nowMs: number): Judgement {
  if (!status) return fail('no worker has ever followed this program on this database', START_ONE);
  const ageMs = nowMs - status.updatedAt.getTime();
  const found = `${status.holder}, heard of ${span(ageMs)} ago`;
  return ageMs < STATUS_STALE_MS ? ok(found) : fail(`gone: ${found}`, START_ONE);
}

/** Whether who holds the lease is who speaks. `holder` empty: given up; null: there never was a lease. */
export function judgeLease(status: ListenerStatus, holder: string | null): Judgement {
  if (holder === status.holder) return ok(`held by ${holder}`);
  return warn(
    holder ? `held by ${holder}, while ${status.holder} speaks` : `held by nobody, while ${status.holder} speaks`,
    'One takes over from the other: look again in LEASE_TERM_MS. If it stays so, restart both workers.',
  );
}

/** Whether the worker hears the chain. */
export function judgeListening(status: ListenerStatus): Judgement {
  const { isListening, subscriptionId, reconnectAttempts, lastSlot } = status;
  const failures = reconnectAttempts > 0 ? `, ${counted(reconnectAttempts, 'failure')} since it was last stable` : '';
  if (!isListening) {
    return fail(
      `not listening${failures}`,
      'See the line "socket" here and "log subscription down" in the log of the worker; SOLANA_WS_URL names the endpoint. The sweep brings events in meanwhile, later.',
    );
  }
  const how = subscriptionId === null ? 'by polling' : `subscription ${subscriptionId}`;
  return ok(`${how}${lastSlot === null ? '' : `, last slot ${lastSlot}`}${failures}`);
}

/** Whether history is scanned up to the head. */
export function judgeFrontier(status: ListenerStatus, maxLagSlots: number): Judgement {
  const { frontierSlot, lagSlots, sweepStopped } = status;
  const stop = sweepStopped === null ? null : explainSweepStop(sweepStopped);
  const why = stop ? `; the last sweep stopped (${sweepStopped}): ${stop.meaning}` : '';
  if (frontierSlot === null) {
    return warn(
      `not begun${why}`,
      stop?.advice ??
        'The first walk through the history is under way: look again later. The newest events are applied meanwhile.',
    );
  }
  const found = `slot ${frontierSlot}, ${lagSlots === null ? 'its lag is not known' : `${counted(lagSlots, 'slot')} behind the finalized one`}${why}`;
  if (lagSlots !== null && lagSlots > maxLagSlots) {
    return fail(
      `${found}; more than MAX_LAG_SLOTS ${maxLagSlots}`,
      stop?.advice ??
        'A long walk may be under way: look again later. If it does not shrink, see the lines of the chain here.',
    );
  }
  // A chain that has just begun, or one node of several that is a moment behind: the lag is the measure.
  if (sweepStopped === 'node-behind' && lagSlots !== null) return ok(found);
  if (stop) return warn(found, stop.advice);
  return lagSlots === null
    ? warn(found, 'The worker has just begun, or its endpoints do not answer: look again.')
    : ok(found);
}

/** From which slot on the ledger has everything. */
export function judgeCompleteness(name: string, frontier: Frontier, startSlot: number): Judgement {
  const found = `from slot ${frontier.since} to ${frontier.slot}`;
  if (startSlot === 0 || frontier.since <= startSlot) return ok(found);
  return warn(
    `${found}, but START_SLOT is ${startSlot}`,
    `Bring in what was before: npm run backfill -- --program ${name} --from-slot ${startSlot} (docs/operations.md, Backfill).`,
  );
}

/** Whether the chain still knows what it confirmed. */
export function judgeSuspicion({ massSuspicion }: ListenerStatus): Judgement {
  if (massSuspicion === null) return ok('the chain knows what it confirmed');
  const { suspects, asked } = massSuspicion;
  return fail(
    `the chain does not know ${suspects} of ${asked} transactions that it had confirmed: nothing is rolled back`,
    'An endpoint is empty or of another cluster: see "same chain" and "history" here; docs/reorg.md, What has to be proven.',
  );
}

/** Whether the documents are what the module of today would make. */
export function judgeVersion(
  name: string,
  { needed, replay }: { readonly needed: ReplayNeeded | null; readonly replay: Replay | null },
  version: number,
): Judgement {
  const command = `npm run replay -- --program ${name}`;
  if (replay?.state === 'running') {
    const { phase, counts, total, note } = replay;
    const found = `a replay is under way: ${phase}, ${counts.records} of ${total} records`;
    return note === null
      ? ok(found)
      : warn(`${found}; nothing happens: ${note}`, `Do what it says, or end it: ${command} --cancel`);
  }
  if (needed === null) return ok(`version ${version} made all documents`);
  return warn(
    `documents are of version ${needed.documents}, the module is of version ${needed.module}`,
    `${command} (first with --dry-run; docs/operations.md, Replay). New events are applied by the new version meanwhile.`,
  );
}

/** What the worker's process takes; null: it cannot be measured from here, and why. */
export type MemoryReading = { readonly bytes: number } | { readonly unmeasured: string };

/** Whether the worker takes more memory than it should. */
export function judgeMemory(reading: MemoryReading): Judgement {
  if ('unmeasured' in reading) return skipped(reading.unmeasured);
  const found = `${Math.round(reading.bytes / BYTES_PER_MB)} MB resident`;
  if (reading.bytes <= MUCH_MEMORY_BYTES) return ok(found);
  return warn(
    found,
    'Every queue and cache of a worker is bounded: lower BATCH_SIZE, and compare with docs/benchmarks.md (memory). A stack in one process (npm run dev, demo) has a chain in it as well.',
  );
}
