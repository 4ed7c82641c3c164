import type { mongo } from 'mongoose';
import { commitUnderLease } from '../../../leases/lease-transaction.js';
import type { LeaseWork } from '../../../leases/lease-work.js';
import { readCommitHeads, readCommitsAfter, readVersions, versionOf, type Commit } from '../../../ledger/commit-log.js';
import type { LedgerRecord } from '../../../ledger/ledger-record.js';
import { readStableStep, resolveStart } from '../../../ledger/stable-stream.js';
import { encodeStreamCursor, type StreamPosition } from '../../../ledger/stream-cursor.js';
import type { Clock } from '../../../lib/clock.js';
import { MooringError } from '../../../lib/errors.js';
import type { Log } from '../../../lib/log.js';
import type { Metrics } from '../../../telemetry/metrics.js';
import type { EventRecord } from '../event-record.js';
import { eventRecords } from '../record-store.js';
import { risingIds } from '../../new-id.js';
import { chainEventId, chainRecord, type RecordMaking, type ToldAs } from './chain-record.js';
import { isHistory } from './is-history.js';
import { planCommits } from './plan-commits.js';
import { readListeners } from './read-listeners.js';
import { readRelayState, stateAtPresent, writeRelayState, type RelayState } from './relay-state.js';

/** Commits that are read in one go. */
const COMMITS_AT_ONCE = 50;
/** Events of a step, as far as a commit has no more: what one transaction writes. */
const EVENTS_AT_ONCE = 500;
/** How often it is noted how far was read while nothing is told, in milliseconds. */
const NOTE_EVERY_MS = 60_000;

/** A clock that was further ahead than this, in milliseconds, is not followed: its records would be told that late. */
const MOST_CLOCK_SKEW_MS = 5_000;

/** How often it is looked for a first listener, in milliseconds. */
const LOOK_EVERY_MS = 1_000;

/** What a relay needs. */
export interface RelayDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'eventRecordsTotal'>;
  /** The newest slot that the chain has confirmed; null while it is not known. */
  readonly headSlot: () => number | null;
  /** What happened longer ago is history, which nobody is told of, in milliseconds. */
  readonly maxAgeMs: number;
  /** Events of a step; unset: five hundred. */
  readonly eventsAtOnce?: number;
}

const TOLD_AS: readonly ToldAs[] = ['confirmed', 'finalized', 'orphaned'];

const MISSED = 'commits that were to be told are not kept any more: what they confirmed or took back is told to nobody';
const RESTORED = 'the commit log is not the one that was told before (a backup?): telling goes on at its end';
const EXPIRED = 'what became final late is not kept for so long: events may be missing; telling goes on from now';

/**
 * Makes event records of what happens on chain, each exactly once: how far was read is noted in the transaction that writes
 * them, under the lease. Begins at what happens from now on where nothing of the program was ever told.
 */
export class EventRelay {
  #commit: RelayState['commit'] | null = null;
  #stable: StreamPosition | null = null;
  #isNoted = false;
  #lookedAtMs = -Infinity;
  #notedAtMs = 0;
  /** The moment of the newest write, by whoever made it. */
  #savedMs = 0;

  constructor(
    private readonly deps: RelayDeps,
    private readonly work: LeaseWork,
    private readonly program: string,
  ) {}

  /**
   * Tells what there is to tell, until nothing is left or `stop`.
   * @throws StaleFenceError when the lease is somebody else's; nothing is written then.
   */
  async pass(stop: AbortSignal): Promise<void> {
    await this.#begin();
    await this.#noteFirstListener();
    while (!stop.aborted && (await this.#tellCommits()));
    while (!stop.aborted && (await this.#tellStable(stop)));
  }

  async #begin(): Promise<void> {
    if (this.#commit && this.#stable) return;
    const { db, clock } = this.deps;
    const state = await readRelayState(db, this.program);
    this.#isNoted = state !== null;
    this.#savedMs = state?.savedAt.getTime() ?? 0;
    this.#notedAtMs = clock.monotonic();
    const begun = state ?? (await stateAtPresent(db, this.program));
    this.#commit = begun.commit;
    this.#stable = await this.#stableStart(begun.stable);
  }

  /** From the first listener on it is known where telling begins: a process that follows this one must not begin later. */
  async #noteFirstListener(): Promise<void> {
    const { db, clock } = this.deps;
    if (this.#isNoted || clock.monotonic() - this.#lookedAtMs < LOOK_EVERY_MS) return;
    this.#lookedAtMs = clock.monotonic();
    const { confirmed, finalized } = await readListeners(db, this.program);
    if (confirmed.length + finalized.length > 0) await this.#write({}, [], () => [], true);
  }

  async #stableStart(cursor: string): Promise<StreamPosition> {
    const { db, log } = this.deps;
    try {
      return await resolveStart(db, this.program, { cursor });
    } catch (error) {
      if (!(error instanceof MooringError) || !error.code.startsWith('stream-cursor')) throw error;
      log.warn({ program: this.program }, EXPIRED);
      return resolveStart(db, this.program, 'now');
    }
  }

  /** False: everything that was committed is told. */
  async #tellCommits(): Promise<boolean> {
    const { db, log, maxAgeMs } = this.deps;
    const at = this.#commit as RelayState['commit'];
    const head = await this.#head();
    if (head.number === at.number && head.mark === at.mark) return false;
    const headSlot = this.deps.headSlot();
    if (headSlot === null) return false;
    const kept = await readCommitsAfter(db, this.program, at.number, COMMITS_AT_ONCE);
    const [next] = kept;
    const isRestored = head.number <= at.number || (next?.number === at.number + 1 && next.after !== at.mark);
    if (isRestored) {
      log.warn({ program: this.program, told: at.number, head: head.number }, RESTORED);
      return this.#skipTo(head);
    }
    if (next?.number !== at.number + 1) return this.#skipMissing(at, head, next);
    const commits = takeSome(withoutHoles(kept), this.deps.eventsAtOnce ?? EVENTS_AT_ONCE);
    const { confirmed } = await readListeners(db, this.program);
    const named = await readVersions(db, confirmed.length === 0 ? [] : commits.flatMap(({ entered }) => entered));
    const events = new Map([...named].filter(([, event]) => !isHistory(event.slot, headSlot, maxAgeMs)));
    const left = commits.flatMap((commit) => commit.left.map(({ version }) => version));
    const ids = [
      ...[...events.keys()].map((version) => chainEventId(version, 'confirmed')),
      ...left.flatMap((version) => TOLD_AS.map((toldAs) => chainEventId(version, toldAs))),
    ];
    const { number, mark } = commits.at(-1) as Commit;
    await this.#write({ commit: { number, mark } }, ids, (known, making) =>
      planCommits({ commits, events, environments: confirmed, known }, making),
    );
    return true;
  }

  /** False: everything that is final and stable is told. */
  async #tellStable(stop: AbortSignal): Promise<boolean> {
    const { db, maxAgeMs } = this.deps;
    const headSlot = this.deps.headSlot();
    if (headSlot === null) return false;
    const at = this.#stable as StreamPosition;
    const limit = this.deps.eventsAtOnce ?? EVENTS_AT_ONCE;
    const step = await readStableStep(db, { program: this.program, names: null }, at, limit);
    if (!step) return false;
    // What became final since the commits were told was confirmed by one of them: it is told as that first.
    while (!stop.aborted && (await this.#tellCommits()));
    if (stop.aborted) return false;
    const { finalized } = step.events.length === 0 ? { finalized: [] } : await readListeners(db, this.program);
    const events = step.events
      .map(({ record }): LedgerRecord => record)
      .filter((event) => finalized.length > 0 && !isHistory(event.slot, headSlot, maxAgeMs));
    const ids = events.map((event) => chainEventId(versionOf(event), 'finalized'));
    await this.#write({ stable: step.at }, ids, (known, making) => {
      const told = new Set(known.map(({ eventId, environment }) => `${environment} ${eventId}`));
      return events
        .flatMap((event) => finalized.map((environment) => chainRecord(event, environment, 'finalized', making)))
        .filter(({ eventId, environment }) => !told.has(`${environment} ${eventId}`));
    });
    return true;
  }

  async #write(
    moved: { readonly commit?: RelayState['commit']; readonly stable?: StreamPosition },
    ids: readonly string[],
    plan: (known: readonly EventRecord[], making: RecordMaking) => readonly EventRecord[],
    isNoteWanted = false,
  ): Promise<void> {
    const { db, clock, metrics } = this.deps;
    const commit = moved.commit ?? (this.#commit as RelayState['commit']);
    const stable = moved.stable ?? (this.#stable as StreamPosition);
    const making = { now: this.#moment(), nextId: risingIds('evt') };
    const isDue = this.#isNoted && clock.monotonic() - this.#notedAtMs >= NOTE_EVERY_MS;
    // Outside of the transaction it is only seen whether there is anything to write: what is known only grows.
    if (isNoteWanted || isDue || (ids.length > 0 && plan(await this.#known(ids), making).length > 0)) {
      const made = await commitUnderLease(db, this.work, async (session) => {
        const records = plan(await this.#known(ids, session), making);
        if (records.length > 0) await eventRecords(db).insertMany([...records], { session });
        const state = { commit, stable: encodeStreamCursor(stable) };
        await writeRelayState(db, session, this.program, { ...state, savedAt: making.now });
        return records;
      });
      for (const { commitment } of made) {
        metrics.eventRecordsTotal.inc({ origin: 'chain', outcome: commitment as ToldAs });
      }
      this.#isNoted = true;
      this.#notedAtMs = clock.monotonic();
      this.#savedMs = making.now.getTime();
    }
    this.#commit = commit;
    this.#stable = stable;
  }

  /** Each write has a moment of its own, so that what it tells comes after what was told before, whoever told that. */
  #moment(): Date {
    const nowMs = this.deps.clock.now();
    const isAfterNow = this.#savedMs >= nowMs && this.#savedMs - nowMs < MOST_CLOCK_SKEW_MS;
    return new Date(isAfterNow ? this.#savedMs + 1 : nowMs);
  }

  async #known(ids: readonly string[], session?: mongo.ClientSession): Promise<EventRecord[]> {
    if (ids.length === 0) return [];
    return eventRecords(this.deps.db)
      .find({ eventId: { $in: [...ids] } }, session ? { session } : {})
      .toArray();
  }

  async #skipTo(commit: RelayState['commit']): Promise<boolean> {
    await this.#write({ commit }, [], () => []);
    return true;
  }

  #skipMissing(at: RelayState['commit'], head: RelayState['commit'], next: Commit | undefined): Promise<boolean> {
    const last = next ? { number: next.number - 1, mark: next.after } : head;
    this.deps.log.warn({ program: this.program, from: at.number + 1, to: last.number }, MISSED);
    return this.#skipTo(last);
  }

  async #head(): Promise<RelayState['commit']> {
    const heads = await readCommitHeads(this.deps.db, [this.program]);
    return heads.get(this.program) as RelayState['commit'];
  }
}

/** Those up to the first of which the one before is missing. */
function withoutHoles(commits: readonly Commit[]): Commit[] {
  const end = commits.findIndex(({ number }, at) => at > 0 && number !== (commits[at - 1] as Commit).number + 1);
  return commits.slice(0, end === -1 ? commits.length : end);
}

/** The first of these commits, as many as have so many events together; one at least. */
function takeSome(commits: readonly Commit[], events: number): Commit[] {
  let count = 0;
  const end = commits.findIndex(({ entered, left }) => (count += entered.length + left.length) > events);
  return commits.slice(0, end === -1 ? commits.length : Math.max(1, end));
}
