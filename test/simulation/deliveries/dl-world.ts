import type { DeliveryDesks } from '../../../src/app/delivery-desks.js';
import { ensureDeliveryIndexes } from '../../../src/delivery/desk/delivery-store.js';
import { ensureDispatcherIndexes } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import type { JobContext } from '../../../src/delivery/jobs/define-job.js';
import { ensureEventRecordIndexes } from '../../../src/delivery/records/record-store.js';
import { connectionLost } from '../memory-mongo/errors.js';
import { MemoryServer } from '../memory-mongo/memory-server.js';
import { Random } from '../random.js';
import { simLogger } from '../sim-log.js';
import { SimPlaces, type Tenant } from '../sim-places.js';
import { EPOCH_MS, SimProcess } from '../sim-process.js';
import { VirtualTime } from '../virtual-time.js';
import { DlEndpoints } from './dl-endpoints.js';
import { dlJournal, type DlJournal } from './dl-journal.js';
import { DlJudge } from './dl-judge.js';
import { DlPeople } from './dl-people.js';
import { accountId, ACCOUNTS, drawDlPlan, ENVIRONMENTS, type DlPlan, type DlPlannedFault } from './dl-plan.js';
import { startDlProcess } from './dl-process.js';

/** A supervisor starts a process again after so many milliseconds. */
const RESTART_MS = { least: 100, most: 1_500 };
const EXPIRE_EVERY_MS = 1_000;
/** What began in trouble is over so long after it, in milliseconds. */
const CALM_AFTER_MS = 5_000;

/** A process that runs, or ran, at its place. */
interface Place extends Tenant {
  readonly desks: DeliveryDesks;
}

/** Everything of one run: database, endpoints, processes, people, and what goes wrong by plan. */
export class DlWorld {
  readonly time = new VirtualTime();
  readonly journal: DlJournal;
  readonly server: MemoryServer;
  readonly judge: DlJudge;
  readonly plan: DlPlan;
  readonly #random: Random;
  readonly #endpoints: DlEndpoints;
  readonly #people: DlPeople;
  readonly #ofPeople: SimProcess;
  readonly #places: SimPlaces<Place>;
  #running: SimProcess | null = null;
  #database: { readonly share: number } | null = null;
  #jobsThrow = false;
  #sleptMs = 0;
  #calmAtMs = 0;
  #started = 0;

  constructor(seed: number, isVerbose: boolean) {
    this.#random = new Random(seed);
    this.plan = drawDlPlan(this.#random.fork());
    this.journal = dlJournal(() => this.time.now, isVerbose);
    this.server = new MemoryServer({ now: () => this.time.now });
    const time = {
      now: () => this.time.now,
      wall: () => this.#wall(),
      isCalm: () => this.time.now > this.#calmAtMs,
    };
    this.judge = new DlJudge(this.server, this.journal, time, () => this.#running);
    this.#endpoints = new DlEndpoints(this.#random.fork(), this.journal, {
      onSent: (process, request) => this.judge.onSent(process, request),
      onTaken: (request) => this.judge.onTaken(request),
    });
    this.#places = new SimPlaces({
      ...{ time: this.time, random: this.#random, journal: this.journal },
      ...{ restartMs: RESTART_MS, start: (place) => this.#start(place) },
    });
    this.#ofPeople = this.#process('people', null);
    const db = this.server.connect({ step: (command) => this.#step(this.#ofPeople, command) });
    const { judge, journal } = this;
    const people = { process: this.#ofPeople, random: this.#random.fork(), db, judge, journal };
    this.#people = new DlPeople(people, this.plan.dispatchers);
  }

  /** Makes the database what it is before the first process starts, and lays out what happens. */
  async prepare(): Promise<void> {
    const { plan, time } = this;
    const db = this.server.connect({ step: () => Promise.resolve() });
    await Promise.all([ensureEventRecordIndexes(db), ensureDispatcherIndexes(db), ensureDeliveryIndexes(db)]);
    for (const environment of ENVIRONMENTS) {
      for (const identifier of ACCOUNTS) {
        const made = { environment, identifier, metadata: {}, createdAt: new Date(0), updatedAt: new Date(0) };
        const account = { _id: accountId(environment, identifier), ...made };
        await db.collection<typeof account>('external_accounts').insertOne(account);
      }
    }
    for (let place = 0; place < plan.places; place++) {
      time.after(this.#random.between(0, 300), () => this.#start(place));
    }
    plan.dispatchers.forEach((_, at) => this.#asPeople(1 + at, () => this.#people.define(at, false)));
    for (const [at, sending] of plan.sendings.entries()) {
      this.#asPeople(sending.atMs, () => this.#people.send(at, sending));
    }
    for (const fault of plan.faults) time.after(fault.atMs, () => this.#begin(fault));
    time.after(plan.healAtMs, () => this.#heal());
    if (plan.hasClockTrouble) this.journal.standingFault('clocks wrong');
    this.#expire();
  }

  /** What is still to come to rest. */
  unrested(): string[] {
    return this.judge.unrested();
  }

  /** Lets the moment come that all that is open waits for. False: it waits for none. */
  sleepUntilDue(): boolean {
    const { records, deliveries } = this.judge;
    const nowMs = this.#wall();
    const moments = [
      ...records.flatMap(({ state, deliverAt }) => (state === 'due' ? [deliverAt.getTime()] : [])),
      ...deliveries.flatMap(({ state, dueAt, dispatcher }) => {
        if (state !== 'due') return [];
        return [dueAt.getTime(), this.judge.health(dispatcher)?.pausedUntil ?? 0];
      }),
    ];
    const latest = Math.max(nowMs, ...moments);
    if (latest - nowMs < 1) return false;
    this.#sleep(latest - nowMs);
    this.journal.say(`everybody sleeps for ${Math.round((latest - nowMs) / 1_000)} s`);
    return true;
  }

  /** What a clock shows that is right, as the database's is. */
  #wall(): number {
    return EPOCH_MS + this.time.now + this.#sleptMs;
  }

  /** Wall clocks go on while machines do not: as where a host is put to sleep. */
  #sleep(ms: number): void {
    this.#sleptMs += ms;
    this.#trouble(0);
  }

  #trouble(forMs: number): void {
    this.#calmAtMs = Math.max(this.#calmAtMs, this.time.now + forMs + CALM_AFTER_MS);
  }

  /** Has everybody who lives stop in order; the names of those that have not in time. */
  async stop(withinMs: number): Promise<string[]> {
    const left = new Set(this.#places.all.filter(({ process }) => process.isAlive));
    for (const own of left) own.process.after(0, () => void own.desks.stop().then(() => left.delete(own)));
    await this.time.runUntil(
      this.time.now + withinMs,
      () => left.size === 0,
      () => undefined,
    );
    return [...left].map(({ process }) => process.name);
  }

  #asPeople(ms: number, work: () => Promise<void>): void {
    this.#ofPeople.after(ms, () => void work());
  }

  /** `place`: where it runs; null: it is nobody's whom anything can befall. */
  #process(name: string, place: number | null): SimProcess {
    const onRun = (running: SimProcess) => this.#onRun(running, place);
    const hasSkew = place !== null && this.plan.hasClockTrouble;
    return new SimProcess(name, this.time, this.#random.fork(), hasSkew, onRun, () => this.#sleptMs);
  }

  #expire(): void {
    this.time.after(EXPIRE_EVERY_MS, () => {
      this.server.expireTransactions();
      this.#expire();
    });
  }

  #start(place: number): void {
    const { journal, server } = this;
    const process = this.#process(`process${place}.${(this.#started += 1)}`, place);
    const dead = new AbortController();
    journal.say(`${process.name} starts`);
    this.#running = process;
    const desks = startDlProcess({
      ...{ process, random: this.#random.fork(), endpoints: this.#endpoints, wall: () => this.#wall() },
      db: server.connect({ step: (command) => this.#step(process, command), dead: dead.signal }),
      log: simLogger((level, fields, message) => this.#onLog(process.name, level, fields, message)),
      runJob: (context) => this.#runJob(process, context),
    });
    this.#places.take(place, { process, dead, desks, stepsLeft: null });
  }

  async #runJob({ clock }: SimProcess, { run }: JobContext): Promise<void> {
    await clock.sleep(this.#random.between(5, 200));
    if (this.#jobsThrow && this.#random.chance(0.6)) {
      this.journal.fault('job throws', run.id);
      throw new Error('a bad deploy');
    }
    this.judge.onJobDone(run.id);
  }

  #onRun(process: SimProcess, place: number | null): void {
    this.#running = process;
    if (place !== null) this.#places.countStep(place, process);
  }

  /** One way of a database command: there, or back. */
  #step(process: SimProcess, command: string): Promise<void> {
    const { journal } = this;
    if (command === 'withTransaction retry') journal.fault('transaction run again', process.name);
    return new Promise((resolve, reject) => {
      process.after(this.#random.between(0.2, 4), () => {
        const database = this.#database;
        if (!database || !this.#random.chance(database.share)) return resolve();
        journal.fault(database.share === 1 ? 'database out of reach' : 'database fails');
        if (command === 'commitTransaction') journal.fault('connection breaks at a commit', process.name);
        reject(connectionLost());
      });
    });
  }

  #begin(fault: DlPlannedFault): void {
    const { journal, time } = this;
    const people = this.#people;
    const until = Math.min(fault.forMs, Math.max(0, this.plan.healAtMs - time.now - 1));
    switch (fault.kind) {
      case 'kill':
        return this.#places.dieAfter(fault.place, fault.afterSteps, until);
      case 'freeze':
        // Longer than a lease's term and than a claim, often enough: somebody else must have taken over by then.
        if (this.#places.freeze(fault.place, fault.forMs)) this.#trouble(fault.forMs);
        return;
      case 'stop': {
        const own = this.#places.at(fault.place);
        if (!own?.process.isAlive) return;
        journal.fault('process stopped in order', own.process.name);
        own.process.after(0, () => {
          void own.desks.stop().then(() => {
            if (!own.process.isDead) this.#places.replace(fault.place, own);
          });
        });
        return;
      }
      case 'sleep':
        journal.fault('machines asleep', `for ${Math.round(fault.sleepMs / 1_000)} s`);
        return this.#sleep(fault.sleepMs);
      case 'database': {
        this.#database = fault;
        this.#trouble(until);
        time.after(until, () => (this.#database = null));
        return;
      }
      case 'endpoint': {
        const url = people.urlOf(fault.dispatcher);
        journal.say(`${url} ${fault.what} for ${Math.round(until)} ms`);
        time.after(until, this.#endpoints.begin(url, fault.what, fault.share));
        return;
      }
      case 'jobs':
        this.#jobsThrow = true;
        time.after(until, () => (this.#jobsThrow = false));
        return;
      case 'disable':
        this.#asPeople(0, () => people.disable(fault.dispatcher));
        // Enabled again where it was disabled, and the other way round.
        this.#asPeople(until, () => people.disable(fault.dispatcher));
        return;
      case 'change':
        return this.#asPeople(0, () => people.change(fault.dispatcher));
      case 'remove':
        this.#asPeople(0, () => people.remove(fault.dispatcher));
        this.#asPeople(until, () => people.define(fault.dispatcher, true));
        return;
      case 'repeat':
        return this.#asPeople(0, () => people.repeat());
      case 'take-back':
        return this.#asPeople(0, () => people.takeBack());
      case 'anew':
        return this.#asPeople(0, () => people.sendAnew());
      case 'replay':
        return this.#asPeople(0, () => people.replay(fault.dispatcher, fault.isForced));
      case 'invoke':
        return this.#asPeople(0, () => people.invoke(fault.dispatcher));
    }
  }

  #heal(): void {
    this.#endpoints.heal();
    this.#jobsThrow = false;
    this.journal.say('everything heals');
  }

  #onLog(name: string, level: string, fields: Record<string, unknown>, message: string): void {
    const { journal } = this;
    journal.say(`${name} ${level} ${message} ${JSON.stringify(fields)}`);
    if (message === 'lease lost to another process') journal.recovered('stale holder stopped');
    if (message === 'lease taken' && Number(fields['fence']) > 1) journal.recovered('desk taken over');
  }
}
