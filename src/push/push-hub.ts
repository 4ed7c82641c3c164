import { setImmediate } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import { readCommitHeads, type CommitHead } from '../ledger/commit-log.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { repeat, type Repeating } from '../lib/repeat.js';
import type { Metrics } from '../telemetry/metrics.js';
import { behind, commitsBetween, encodeCursor, isAhead, type Position, type Positions } from './cursor.js';
import type { OutgoingMessage, PushingModule } from './messages.js';
import { readMessages, type ToldCommit } from './read-messages.js';
import { ReadTurns } from './read-turns.js';
import type { RoomName } from './rooms.js';

/** How often the heads of the commit logs are looked at while somebody listens, in milliseconds: one small query. */
const POLL_MS = 50;
/** Messages told in one go, before whoever writes to sockets gets a turn. */
const MESSAGES_IN_A_GO = 100;
/** Commits that are told again at most to somebody who was away: about two seconds' work of this process. */
const MAX_MISSED_COMMITS = 5_000;
/** Reads for those who were away at once, of all of them: more would keep requests waiting, and tell nobody sooner. */
const MISSED_READS_AT_ONCE = 2;
/** Live messages that wait at most while somebody is told what was missed. */
const MAX_WAITING = 5_000;

/** A message with the cursor to go on from after it. */
export interface ToldMessage {
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>> & { readonly id: string; readonly cursor: string };
}

/** Those who listen to this process. */
export interface Audience {
  /** False: nobody is connected, and nothing is read. */
  isThere(): boolean;
  tell(rooms: readonly RoomName[], message: ToldMessage): void;
  /** Between two goes: time for whoever cannot keep up to be found out. */
  afterGo(): void;
  /** Commits of which nobody was told are gone. */
  lost(): void;
}

/** How somebody came to hear everything from now on. */
export type FollowOutcome =
  | { readonly kind: 'live'; readonly cursor: string; readonly missed: number }
  /** What was missed is not to be had any more; live all the same. */
  | { readonly kind: 'too-far'; readonly cursor: string }
  /** What happened meanwhile was too much to be kept. */
  | { readonly kind: 'overrun' };

interface PushHubDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'pushMessagesTotal' | 'pushLatencySeconds' | 'databaseErrorsTotal'>;
  readonly modules: readonly PushingModule[];
  readonly audience: Audience;
}

/** Live messages for somebody who is not through with what was missed. */
interface Waiting {
  readonly rooms: ReadonlySet<RoomName>;
  readonly messages: ToldMessage[];
  isOverrun: boolean;
}

/**
 * Tells this process's clients of every commit, in the order of commits, by following the commit logs in the database. Every
 * API process does so by itself, so that any number of them need not know of each other; what one of them tells, it tells
 * from commits alone: nothing of it is lost with a process, or is told before it is true.
 */
export class PushHub {
  readonly #stop = new AbortController();
  readonly #tail: Repeating;
  readonly #waiting = new Set<Waiting>();
  readonly #liveTurns = new ReadTurns(1);
  readonly #missedTurns = new ReadTurns(MISSED_READS_AT_ONCE);
  /** Where this process is; null while nobody listens. */
  #positions: Map<string, Position> | null = null;
  #opening: Promise<void> | null = null;

  constructor(private readonly dependencies: PushHubDependencies) {
    const { clock, log, metrics } = dependencies;
    this.#tail = repeat(
      clock,
      POLL_MS,
      this.#stop.signal,
      () => this.#pass(),
      (error) => {
        metrics.databaseErrorsTotal.inc({ operation: 'push' });
        log.warn({ error: messageOf(error) }, 'what was committed could not be read; trying again');
      },
    );
  }

  /** The cursor of where this process is; null while nobody listens. */
  cursor(): string | null {
    return this.#positions && encodeCursor(this.#positions);
  }

  /**
   * Tells, through `tell`, what was committed since `since` (null: nothing) for these rooms, and calls `join` at the moment
   * from which on the audience hears the rest: nothing falls in between. May tell again what had been told; the ids say so.
   * `tell` may wait for a slow reader.
   */
  async follow(
    rooms: ReadonlySet<RoomName>,
    since: Positions | null,
    tell: (message: ToldMessage) => void | Promise<void>,
    join: () => void,
  ): Promise<FollowOutcome> {
    await this.#open();
    // Who is in no room missed nothing.
    const away = rooms.size === 0 ? null : since;
    const reached = away === null ? 'reached' : await this.#reach(away);
    const target = new Map(this.#positions);
    const isTooFar = away !== null && (reached === 'beyond' || commitsBetween(away, target) > MAX_MISSED_COMMITS);
    if (away === null || isTooFar) {
      join();
      return { kind: isTooFar ? 'too-far' : 'live', cursor: encodeCursor(target), missed: 0 };
    }
    // From here on, in this same turn, live messages wait behind what was missed.
    const waiting: Waiting = { rooms, messages: [], isOverrun: false };
    this.#waiting.add(waiting);
    try {
      const missed = await this.#tellMissed(rooms, away, target, tell);
      if (waiting.isOverrun) return { kind: 'overrun' };
      for (let message = waiting.messages.shift(); message; message = waiting.messages.shift()) await tell(message);
      if (waiting.isOverrun) return { kind: 'overrun' };
      join();
      const cursor = this.cursor() ?? encodeCursor(target);
      return missed === null ? { kind: 'too-far', cursor } : { kind: 'live', cursor, missed };
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Ends after the messages that are being told. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#tail.ended;
  }

  #open(): Promise<void> {
    if (this.#positions) return Promise.resolve();
    this.#opening ??= this.#readHeads()
      .then((heads) => {
        this.#positions = new Map([...heads].map(([program, head]) => [program, behind(head)]));
      })
      .finally(() => (this.#opening = null));
    return this.#opening;
  }

  #readHeads(): Promise<Map<string, CommitHead>> {
    const { db, modules } = this.dependencies;
    return readCommitHeads(
      db,
      modules.map(({ name }) => name),
    );
  }

  /**
   * Waits until this process is where the client was, who may come from one that was faster. `beyond`: there are no such
   * commits; the cursor is from another log.
   */
  async #reach(since: Positions): Promise<'reached' | 'beyond'> {
    const isBehind = () =>
      [...since].some(([program, position]) => {
        const here = this.#positions?.get(program);
        return here !== undefined && isAhead(position, here);
      });
    while (isBehind() && !this.#stop.signal.aborted) {
      const heads = await this.#readHeads();
      for (const [program, position] of since) {
        const head = heads.get(program);
        if (head !== undefined && isAhead(position, behind(head))) return 'beyond';
      }
      this.#tail.soon();
      await this.dependencies.clock.sleep(POLL_MS, this.#stop.signal);
    }
    return 'reached';
  }

  /** Returns how many messages there were; null when some cannot be told any more. */
  async #tellMissed(
    rooms: ReadonlySet<RoomName>,
    since: Positions,
    target: Positions,
    tell: (message: ToldMessage) => void | Promise<void>,
  ): Promise<number | null> {
    const { modules } = this.dependencies;
    const at = new Map(target);
    for (const [program, position] of since) if (at.has(program)) at.set(program, position);
    let missed = 0;
    for (const module of modules) {
      const [from, until] = [at.get(module.name), target.get(module.name)];
      if (!from || !until) continue;
      if (!isAhead(until, from)) {
        // Behind the last commit of a log that this one is not, whatever its number.
        if (from.mark !== until.mark) return null;
        continue;
      }
      // Of the commit that is being told live at this moment, what was told before this moment is missed as well.
      const last = until.skip > 0 ? until.next : until.next - 1;
      for await (const commit of readMessages(this.dependencies, module, from, last, this.#missedTurns)) {
        if ('lost' in commit) return null;
        const first = commit.number === from.next ? from.skip : 0;
        const end = commit.number === until.next ? until.skip : commit.messages.length;
        for (let index = first; index < end; index++) {
          const message = commit.messages[index];
          at.set(module.name, after(commit, index + 1));
          if (!message?.rooms.some((room) => rooms.has(room))) continue;
          await tell(withCursor(message, at));
          missed += 1;
        }
        if (commit.number < until.next) at.set(module.name, behind(commit));
      }
    }
    return missed;
  }

  async #pass(): Promise<void> {
    const { modules, audience } = this.dependencies;
    if (!audience.isThere()) this.#positions = null;
    if (!this.#positions) return;
    const heads = await this.#readHeads();
    for (const module of modules) {
      const head = heads.get(module.name);
      if (head) await this.#tellUpTo(module, head);
    }
  }

  async #tellUpTo(module: PushingModule, head: CommitHead): Promise<void> {
    const positions = this.#positions;
    const from = positions?.get(module.name);
    if (!positions || !from) return;
    if (!isAhead(behind(head), from)) {
      // Else somebody has put another database, as a backup, in the place of this one.
      const isSame = head.number === from.next - 1 && head.mark === from.mark;
      if (!isSame) this.#lose(module, head, positions);
      return;
    }
    for await (const commit of readMessages(this.dependencies, module, from, head.number, this.#liveTurns)) {
      if ('lost' in commit) return this.#lose(module, head, positions);
      await this.#tellCommit(module, commit, positions);
      if (this.#stop.signal.aborted) return;
    }
  }

  #lose(module: PushingModule, head: CommitHead, positions: Map<string, Position>): void {
    positions.set(module.name, behind(head));
    // Who is being told what was missed has not joined the audience yet: connecting again, it finds out by its cursor.
    for (const waiting of this.#waiting) waiting.isOverrun = true;
    this.dependencies.audience.lost();
  }

  async #tellCommit(module: PushingModule, commit: ToldCommit, positions: Map<string, Position>): Promise<void> {
    const { number, at, messages } = commit;
    const { clock, metrics, audience } = this.dependencies;
    const here = positions.get(module.name);
    for (let index = here?.next === number ? here.skip : 0; index < messages.length; index++) {
      const message = messages[index] as OutgoingMessage;
      // Told and counted in one turn: whoever looks at the positions sees all of it or nothing.
      positions.set(module.name, after(commit, index + 1));
      const told = withCursor(message, positions);
      audience.tell(message.rooms, told);
      for (const waiting of this.#waiting) keepFor(waiting, message, told);
      metrics.pushMessagesTotal.inc({ program: module.name, message: message.name });
      if ((index + 1) % MESSAGES_IN_A_GO === 0) {
        audience.afterGo();
        await setImmediate();
      }
    }
    positions.set(module.name, behind(commit));
    if (messages.length === 0) return;
    metrics.pushLatencySeconds.observe({ program: module.name }, Math.max(0, clock.now() - at.getTime()) / 1_000);
    audience.afterGo();
  }
}

/** The position after so many messages of a commit. */
function after(commit: ToldCommit, told: number): Position {
  const { number, mark, messages } = commit;
  return told === messages.length ? behind(commit) : { next: number, skip: told, mark };
}

function withCursor({ name, payload }: OutgoingMessage, positions: Positions): ToldMessage {
  return { name, payload: { ...payload, cursor: encodeCursor(positions) } };
}

function keepFor(waiting: Waiting, { rooms }: OutgoingMessage, told: ToldMessage): void {
  if (!rooms.some((room) => waiting.rooms.has(room))) return;
  if (waiting.messages.length >= MAX_WAITING) waiting.isOverrun = true;
  else waiting.messages.push(told);
}
