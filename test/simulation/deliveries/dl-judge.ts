import { isDeepStrictEqual } from 'node:util';
import type { Delivery } from '../../../src/delivery/desk/delivery.js';
import { deskLease } from '../../../src/delivery/desk/run-desk.js';
import type { StoredHealth } from '../../../src/delivery/desk/endpoint-health-store.js';
import type { StoredDispatcher } from '../../../src/delivery/dispatchers/dispatcher-definition.js';
import type { JobRun } from '../../../src/delivery/jobs/job-run.js';
import type { EventRecord } from '../../../src/delivery/records/event-record.js';
import type { WebhookRequest } from '../../../src/delivery/webhooks/webhook-sender.js';
import type { WebhookOutcome } from '../../../src/delivery/webhooks/webhook-outcome.js';
import type { MemoryServer } from '../memory-mongo/memory-server.js';
import type { SimProcess } from '../sim-process.js';
import { storedDocument, storedDocuments } from '../stored.js';
import { Violation } from '../witness.js';
import { DlDispatchers, isOfSameTenant, patienceOf, reaches } from './dl-dispatchers.js';
import type { DlJournal } from './dl-journal.js';
import { judgeEnd, judgePause } from './dl-judge-try.js';
import { DlRequestLog, type SentRequest } from './dl-request-log.js';

interface Write {
  readonly collection: string;
  readonly id: string;
}

/** Everything that one commit wrote. */
interface Commit {
  readonly writes: readonly Write[];
  /** Null: somebody who is no process of ours. */
  readonly writer: SimProcess | null;
}

/** A record, with the commit that made it what it is. */
interface KnownRecord {
  readonly record: EventRecord;
  readonly commit: number;
}

/** A delivery, with the commit that changed it last, and the one since which it is open. */
interface KnownDelivery {
  readonly delivery: Delivery;
  readonly commit: number;
  readonly openSince: number;
}

const DAY_MS = 24 * 3_600_000;
/** What a turn decided may be older than what is there by then: so much where all is calm, and where the database is not. */
const TURN_MS = { calm: 1_500, troubled: 15_000 };
const ENDS: readonly string[] = ['delivered', 'failed', 'cancelled'];

/**
 * Watches everything that is committed, sent and taken, and says at once where a promise of docs/deliveries.md does not
 * hold: against all that was ever committed, and by nothing that a process says of itself.
 */
export class DlJudge {
  readonly dispatchers = new DlDispatchers();
  readonly requests = new DlRequestLog(this.dispatchers);
  readonly #records = new Map<string, KnownRecord>();
  readonly #deliveries = new Map<string, KnownDelivery>();
  readonly #health = new Map<string, StoredHealth>();
  /** How often each delivery was claimed. */
  readonly #claims = new Map<string, number>();
  /** Runs that a job brought to their end. */
  readonly #jobsDone = new Set<string>();
  /** Event ids that their sender was told are taken in, and ids of records that it took back. */
  readonly #acknowledged = new Set<string>();
  readonly #takenBack = new Set<string>();
  /** Deliveries that an operator asked for by hand. */
  readonly #invoked = new Set<string>();
  #group: Write[] = [];
  #commit = 0;
  violation: Violation | null = null;

  constructor(
    private readonly server: MemoryServer,
    private readonly journal: DlJournal,
    private readonly time: {
      readonly now: () => number;
      /** What the database's clock shows, by which all is due. */
      readonly wall: () => number;
      /** Neither the database nor a process was in trouble for a while. */
      readonly isCalm: () => boolean;
    },
    private readonly runningNow: () => SimProcess | null,
  ) {
    server.listen((collection, { id }) => {
      this.#group.push({ collection, id: String(id) });
      // A commit's writes come all at once: when they are through, the group is what one transaction did.
      if (this.#group.length === 1) queueMicrotask(() => this.#lookAtGroup());
    });
  }

  get deliveries(): readonly Delivery[] {
    return [...this.#deliveries.values()].map(({ delivery }) => delivery);
  }

  get records(): readonly EventRecord[] {
    return [...this.#records.values()].map(({ record }) => record);
  }

  health(dispatcher: string): StoredHealth | undefined {
    return this.#health.get(dispatcher);
  }

  /** A sender was told that its event is taken in. */
  onAcknowledged(environment: string, eventId: string): void {
    this.#acknowledged.add(`${environment} ${eventId}`);
  }

  /** An operator asks for it by hand, whatever filters say. */
  onInvoked(delivery: string): void {
    this.#invoked.add(delivery);
  }

  onJobDone(run: string): void {
    this.#jobsDone.add(run);
  }

  /** A request leaves a process: it was claimed, is for whom it goes to, and is no more than they bear. */
  onSent(process: SimProcess, { url, messageId, body }: WebhookRequest): (outcome: WebhookOutcome) => void {
    const dispatcher = this.dispatchers.atUrl(url);
    const record = this.#records.get(messageId)?.record;
    const id = `${messageId}/${dispatcher ?? ''}`;
    const delivery = this.#deliveries.get(id)?.delivery;
    if (dispatcher === undefined || !record || !delivery) {
      this.#fail(`${messageId} left for ${url}, and there is no such delivery`);
      return () => undefined;
    }
    if (!this.dispatchers.ever(dispatcher).some((stored) => isOfSameTenant(stored, record))) {
      this.#fail(`${id} left for somebody of another environment or account`);
    }
    const told = JSON.parse(body) as { id?: unknown; type?: unknown; data?: unknown };
    if (told.id !== messageId || told.type !== record.name) this.#fail(`${id} says ${body}`);
    if (record.deliverAt.getTime() > this.time.wall()) this.#fail(`${id} left before its moment`);
    const sent: SentRequest = {
      ...{ delivery: id, dispatcher, process, url, fence: delivery.claimFence, outcome: null },
      ...{ sentAtMs: this.time.wall(), leftAtMs: this.time.now() },
    };
    this.requests.add(sent);
    if (this.requests.ofDelivery(id).length > (this.#claims.get(id) ?? 0)) this.#fail(`${id} left without a claim`);
    const beyond = this.requests.beyondLimits(sent);
    if (beyond !== null) this.#fail(beyond);
    return (outcome) => (sent.outcome = outcome);
  }

  /** Whom it is for has it. */
  onTaken(request: WebhookRequest): void {
    this.requests.take(request, this.dispatchers.atUrl(request.url) ?? '');
  }

  /** What has not come to rest. */
  unrested(): string[] {
    return [
      ...this.records.flatMap(({ _id, state }) => (state === 'due' ? [`${_id} is told to nobody yet`] : [])),
      ...this.deliveries.flatMap(({ _id, state, attempts, error }) =>
        ENDS.includes(state) ? [] : [`${_id} is ${state} after ${attempts} tries: ${error ?? ''}`],
      ),
      ...storedDocuments(this.server, 'job_runs').flatMap(({ _id, state }) =>
        state === 'due' || state === 'running' ? [`${String(_id)} is ${state}`] : [],
      ),
    ];
  }

  /** When nothing moves any more: who was told is told, and nobody says so who was not. */
  lookAtEnd(): void {
    const known = new Set(this.records.map(({ environment, eventId }) => `${environment} ${eventId}`));
    for (const event of this.#acknowledged) {
      if (!known.has(event) && !this.#takenBack.has(event)) this.#fail(`${event} was taken in, and is lost`);
    }
    for (const { _id, dispatcher, state, run } of this.deliveries) {
      if (state !== 'delivered') continue;
      const isTold = run === null ? this.requests.taken.has(_id) : this.#runOf(run) !== undefined;
      if (!isTold) this.#fail(`${_id} counts as delivered, and ${dispatcher} never got it`);
    }
  }

  #runOf(run: string): JobRun | undefined {
    return storedDocument(this.server, 'job_runs', run) as JobRun | undefined;
  }

  #lookAtGroup(): void {
    const writes = this.#group;
    this.#group = [];
    this.#commit += 1;
    // A desk touches its lease last; what does not is somebody's wish, which may have waited for a desk's transaction to end.
    const commit = { writes, writer: writes.at(-1)?.collection === 'leases' ? this.runningNow() : null };
    const ids = (collection: string) => new Set(writes.flatMap((one) => (one.collection === collection ? one.id : [])));
    // Whom it reached is looked at by what dispatchers were: what they are now is known first.
    for (const id of ids('event_dispatchers')) this.#lookAtDispatcher(id, commit);
    const created = [...ids('deliveries')].filter((id) => !this.#deliveries.has(id));
    for (const id of ids('deliveries')) this.#lookAtDelivery(id, commit);
    for (const id of ids('event_records')) this.#lookAtRecord(id, commit, created);
    for (const id of created) this.#lookAtCreated(id, ids('event_records'));
    for (const id of ids('job_runs')) this.#lookAtRun(id);
    for (const id of ids('endpoint_health')) {
      const stored = storedDocument(this.server, 'endpoint_health', id) as StoredHealth | undefined;
      if (stored) this.#health.set(id, stored);
      if (stored && (stored.pausedUntil ?? 0) > this.time.wall()) this.journal.recovered('endpoint left alone');
    }
  }

  #lookAtDispatcher(id: string, { writer }: Commit): void {
    const before = this.dispatchers.now(id);
    const after = (storedDocument(this.server, 'event_dispatchers', id) ?? null) as StoredDispatcher | null;
    this.dispatchers.note(id, after, this.#commit, this.time.now());
    if (!writer || !before?.enabled || after?.enabled !== false) return;
    this.journal.recovered('dispatcher disabled by its desk');
    const heard = this.requests.ofDispatcher(id).filter(({ outcome }) => outcome?.kind === 'answered');
    if (after.disabledReason === 'gone') {
      const url = after.dispatchable.kind === 'job' ? null : after.dispatchable.url;
      const isGone = heard.some(
        (one) => one.url === url && one.outcome?.kind === 'answered' && one.outcome.status === 410,
      );
      if (!isGone) this.#fail(`${id} was disabled as gone, and its endpoint never said so`);
    } else {
      this.journal.fault('endpoint fails for days', id);
      const isWell = heard.some(({ sentAtMs, outcome }) => {
        const isRecent = this.time.wall() - sentAtMs < 5 * DAY_MS;
        return isRecent && outcome?.kind === 'answered' && outcome.status < 300;
      });
      if (isWell) this.#fail(`${id} was disabled as failing for days, and it did not`);
    }
  }

  #lookAtRecord(id: string, { writer }: Commit, created: readonly string[]): void {
    const known = this.#records.get(id);
    const after = storedDocument(this.server, 'event_records', id) as EventRecord | undefined;
    if (!after) {
      this.#records.delete(id);
      if (!known) return;
      const { environment, eventId, state } = known.record;
      this.#takenBack.add(`${environment} ${eventId}`);
      if (writer || state !== 'due') this.#fail(`${id} was removed when it was ${state}`);
      return;
    }
    const isMarked = known?.record.state === 'due' && after.state === 'delivered';
    // An operator's look at whether it still stands changes nothing of what it is.
    const isSame = known && known.record.deliverAt.getTime() === after.deliverAt.getTime();
    const since = isSame && isDeepStrictEqual(known.record.payload, after.payload) ? known.commit : this.#commit;
    this.#records.set(id, { record: after, commit: since });
    if (!isMarked) return;
    const { deliverAt, createdAt } = after;
    if (!writer) return this.#fail(`I8: ${id} was distributed under no lease`);
    if (deliverAt.getTime() > this.time.wall()) this.#fail(`${id} is told before its moment`);
    if (deliverAt.getTime() > createdAt.getTime()) this.journal.recovered('told at its moment');
    for (const dispatcher of this.dispatchers.ids) {
      const delivery = `${id}/${dispatcher}`;
      const versions = this.dispatchers.sinceCommit(dispatcher, known.commit);
      const wants = versions.map((version) => version !== null && reaches(version, after, false));
      const isWanted = wants.every(Boolean);
      if (isWanted && !this.#deliveries.has(delivery)) this.#fail(`${delivery} is missing though ${id} is distributed`);
      if (created.includes(delivery) && !wants.some(Boolean)) this.#fail(`${delivery} was made, and it does not match`);
    }
  }

  /** What an operator asks for is looked at by itself: it may have been made past all filters. */
  #lookAtCreated(id: string, marked: ReadonlySet<string>): void {
    const delivery = this.#deliveries.get(id)?.delivery;
    const record = delivery && this.#records.get(delivery.record)?.record;
    if (!delivery || !record) return this.#fail(`${id} was made of no record`);
    const versions = this.dispatchers.ever(delivery.dispatcher);
    if (!versions.some((stored) => isOfSameTenant(stored, record))) {
      this.#fail(`${id} is of another environment or account`);
    }
    if (delivery.messageId !== record._id) this.#fail(`${id} has the webhook id ${delivery.messageId}`);
    if (marked.has(record._id) || this.#invoked.has(id)) return;
    if (!versions.some((stored) => reaches(stored, record, true))) this.#fail(`${id} was made, and nobody wanted it`);
  }

  #lookAtRun(id: string): void {
    const { state } = this.#runOf(id) ?? {};
    if (state === 'done' && !this.#jobsDone.has(id)) this.#fail(`the run ${id} is done, and the job never was`);
    if (state === 'done') this.journal.recovered('run by a job');
  }

  #lookAtDelivery(id: string, commit: Commit): void {
    const known = this.#deliveries.get(id);
    const after = storedDocument(this.server, 'deliveries', id) as Delivery | undefined;
    if (!after) return this.#fail(`${id} was removed`);
    const wasOpen = known && !ENDS.includes(known.delivery.state);
    const openSince = wasOpen ? known.openSince : this.#commit;
    this.#deliveries.set(id, { delivery: after, commit: this.#commit, openSince });
    if (!known) {
      if (after.state !== 'due' || after.attempts !== 0) this.#fail(`${id} began as ${after.state}`);
      return;
    }
    const { messageId, record, dispatcher } = known.delivery;
    if (after.messageId !== messageId || after.record !== record || after.dispatcher !== dispatcher) {
      this.#fail(`${id} became another one`);
    }
    if (isDeepStrictEqual(known.delivery, after)) return;
    if (commit.writer) this.#lookAtDesk(known, after, commit.writer, commit.writes);
    else this.#lookAtWish(known.delivery, after);
  }

  /** What an operator may do: whatever is not under way begins anew. */
  #lookAtWish(before: Delivery, after: Delivery): void {
    const isAnew = after.state === 'due' && after.claimFence === null && after.attemptsBefore === after.attempts;
    const isUnderWay = before.state === 'due' && (before.claimFence !== null || before.run !== null);
    if (!isAnew || isUnderWay || before.state === 'waiting') {
      this.#fail(`somebody made ${before._id} ${after.state} which was ${before.state}`);
    }
    this.journal.recovered('sent anew');
  }

  #lookAtDesk(known: KnownDelivery, after: Delivery, writer: SimProcess, writes: readonly Write[]): void {
    const before = known.delivery;
    const { _id: id, desk } = before;
    const fence = this.#lookAtLease(id, desk, writer, writes);
    if (ENDS.includes(before.state)) return this.#fail(`${id} was ${before.state} already and became ${after.state}`);
    if (after.attempts === before.attempts + 1) return this.#lookAtBegin(known, after, fence);
    const nowMs = this.time.wall();
    const isOwnEnd = before.claimFence !== null && before.claimFence === fence;
    const isRunOut = before.claimFence === null || before.dueAt.getTime() <= nowMs;
    if (after.state === 'waiting' || after.state === 'cancelled') {
      if (!isRunOut) this.#fail(`${id} became ${after.state} while a try of it was under way`);
      if (after.state === 'cancelled') this.#lookAtCancelled(after);
      return;
    }
    // It may begin to wait and be let go in one turn.
    const isLetGo = after.claimFence === null && after.attempts === before.attempts && !isOwnEnd && isRunOut;
    const isOrdered = before.orderKey !== null && before.run === null && after.state === 'due';
    if (before.state === 'waiting' || (isOrdered && isLetGo)) {
      return this.journal.recovered('next of its order let go');
    }
    if (before.run !== null) return this.#lookAtRunEnd(before, after);
    if (!isOwnEnd) return this.#fail(`${id} became ${after.state} by a desk whose claim it is not`);
    const tries = this.requests.ofDelivery(id).filter((one) => one.process === writer);
    if (after.attempts < before.attempts) {
      if (after.state !== 'due') this.#fail(`${id} was put back as ${after.state}`);
      this.journal.recovered('put back by whoever stopped');
      return;
    }
    const number = after.attempts - after.attemptsBefore;
    const found = after.state === 'due' ? judgePause(tries, after, number, nowMs) : judgeEnd(tries, after, number);
    if (found !== null) this.#fail(`${id} ${found}`);
    if (after.state === 'failed') this.journal.recovered('failed for good');
    if (after.state !== 'delivered') return;
    this.journal.recovered(number === 1 ? 'delivered at the first try' : 'delivered after others failed');
  }

  /** I8: written under the lease of its desk, by its holder, the lease touched last. Returns its fence. */
  #lookAtLease(id: string, desk: number, writer: SimProcess, writes: readonly Write[]): number | null {
    const last = writes.at(-1);
    const name = deskLease(desk);
    if (last?.collection !== 'leases' || last.id !== name) {
      this.#fail(`I8: ${id} was written without touching ${name} last`);
    }
    const lease = storedDocument(this.server, 'leases', name);
    if (lease?.['holder'] !== `${writer.name}:delivery`) {
      this.#fail(`I8: ${writer.name} wrote ${id} while ${String(lease?.['holder'])} held the lease`);
    }
    return (lease?.['fence'] as number | undefined) ?? null;
  }

  /** A try begins, or a run: what is due, whose turn it is, of somebody who is well, and nobody else is at it. */
  #lookAtBegin(known: KnownDelivery, after: Delivery, fence: number | null): void {
    const before = known.delivery;
    const { _id: id, dispatcher } = before;
    const nowMs = this.time.wall();
    if (before.state !== 'due') this.#fail(`${id} was begun while it was ${before.state}`);
    if (before.dueAt.getTime() > nowMs) {
      const why = before.claimFence === null ? 'was not due' : 'was claimed by a try that may still be under way';
      this.#fail(`${id} was begun when it ${why}`);
    }
    const recent = this.dispatchers.sinceMs(dispatcher, this.time.now() - this.#turnMs());
    if (!recent.some((version) => version?.enabled)) this.#fail(`${id} was begun for a dispatcher that is disabled`);
    this.#lookAtOrder(known);
    const patienceMs = Math.min(...recent.flatMap((version) => version?.dispatchable ?? []).map(patienceOf));
    const claimedForMs = (after.claimedUntil?.getTime() ?? 0) - nowMs;
    if (after.claimFence !== null && this.time.isCalm() && claimedForMs < patienceMs) {
      this.#fail(`${id} was claimed for ${claimedForMs} ms, and its try may take ${patienceMs} ms`);
    }
    if (before.claimFence !== null) this.journal.recovered('tried again after its claim ran out');
    if (after.claimFence === null) {
      if (after.run === null || !this.#runOf(after.run)) this.#fail(`${id} was given to a job, and there is no run`);
      return;
    }
    this.#claims.set(id, (this.#claims.get(id) ?? 0) + 1);
    if (after.claimFence !== fence) this.#fail(`${id} was claimed under the fence ${after.claimFence}`);
    const lost = before.claimFence === null ? 0 : 1;
    if (after.attemptsBefore !== before.attemptsBefore + lost) this.#fail(`${id} counts a lost try in its schedule`);
    const health = this.#health.get(dispatcher);
    const revision = this.dispatchers.now(dispatcher)?.endpointRevision ?? 0;
    if (health && (health.endpointRevision ?? 0) === revision && (health.pausedUntil ?? 0) > nowMs) {
      this.#fail(`${id} was begun while its endpoint is left alone`);
    }
  }

  /**
   * Nothing of its line is open before it, and nothing that will be is still without its deliveries: as far as the desk
   * could know, which read the line after the delivery was as it is.
   */
  #lookAtOrder({ delivery, commit }: KnownDelivery): void {
    const { _id: id, dispatcher, orderKey, position } = delivery;
    if (orderKey === null) return;
    for (const other of this.#deliveries.values()) {
      const { _id, state } = other.delivery;
      const isOfLine = other.delivery.dispatcher === dispatcher && other.delivery.orderKey === orderKey && _id !== id;
      const isOpen = !ENDS.includes(state) && other.openSince <= commit;
      if (isOfLine && isOpen && other.delivery.position < position) this.#fail(`${id} left before ${_id} of its order`);
    }
    const own = this.#records.get(delivery.record);
    const stored = this.dispatchers.now(dispatcher);
    for (const { record, commit: made } of this.#records.values()) {
      if (!own || !stored || record.state !== 'due' || made >= own.commit) continue;
      const isEarlier = record.deliverAt.getTime() < own.record.deliverAt.getTime();
      const key = (record.payload as { owner?: unknown }).owner;
      const versions = this.dispatchers.sinceCommit(dispatcher, made);
      const isWanted = versions.every((version) => version !== null && reaches(version, record, false));
      if (isEarlier && isWanted && orderKey === `=${JSON.stringify(key)}`) {
        this.#fail(`${id} left before ${record._id} of its order, which nobody was told of yet`);
      }
    }
  }

  #lookAtCancelled({ _id: id, dispatcher }: Delivery): void {
    const recent = this.dispatchers.sinceMs(dispatcher, this.time.now() - this.#turnMs());
    const isWarranted = recent.some((version) => !version?.enabled);
    if (!isWarranted) this.#fail(`${id} was cancelled, and its dispatcher is there and enabled`);
    this.journal.recovered('cancelled with its dispatcher');
  }

  #lookAtRunEnd({ _id: id, run }: Delivery, { state }: Delivery): void {
    if (state === 'due') return;
    const is = run === null ? undefined : this.#runOf(run)?.state;
    const wanted = state === 'delivered' ? ['done'] : ['failed', 'cancelled'];
    if (is === undefined || !wanted.includes(is)) this.#fail(`${id} became ${state}, and its run is ${String(is)}`);
  }

  #turnMs(): number {
    return this.time.isCalm() ? TURN_MS.calm : TURN_MS.troubled;
  }

  #fail(what: string): void {
    this.violation ??= new Violation(what);
  }
}
