import { coupons } from '../../src/domains/coupons/module.js';
import type { DomainModule, EventHandler } from '../../src/domain-kit/domain-module.js';
import { Cluster } from './chain/cluster.js';
import { SimEndpoint } from './chain/sim-endpoint.js';
import { drawPlan, type FaultPlan, type PlannedFault } from './fault-plan.js';
import { Journal } from './journal.js';
import { Damage } from './damage.js';
import { connectionLost } from './memory-mongo/errors.js';
import { MemoryServer } from './memory-mongo/memory-server.js';
import { Node } from './node.js';
import { Random } from './random.js';
import { simLogger } from './sim-log.js';
import { SimPlaces, type Tenant } from './sim-places.js';
import { SimProcess } from './sim-process.js';
import { StreamReader } from './stream-reader.js';
import { Told } from './told.js';
import { startSimWorker } from './sim-worker.js';
import { VirtualTime } from './virtual-time.js';
import { Witness } from './witness.js';

const SLOT_MS = 400;
/** Added to a seed for what reconcile draws: with this one nobody reconciles in the seeds kept before, so they stay as they were. */
const RECONCILE_STREAM = 48;
/** Added to a seed for what the reader of the stable stream draws. */
const READER_STREAM = 49;
/** Whoever asks with patience must have had an answer from a node that was honest for so long, in milliseconds. */
const HONEST_LONG_ENOUGH_MS = 10_000;
/** A supervisor starts a process again after so many milliseconds. */
const RESTART_MS = { least: 200, most: 4_000 };

/** What a pass over a database that is right counts none of. */
const PASS_FINDINGS = ['missing', 'drifted', 'orphaned', 'unrecorded', 'unsettled', 'left', 'recovered'] as const;

/** Everything of one run: cluster, nodes, database, workers, and what goes wrong by plan. */
export class World {
  readonly time = new VirtualTime();
  readonly journal: Journal;
  readonly cluster: Cluster;
  readonly server: MemoryServer;
  readonly witness: Witness;
  readonly told = new Told();
  readonly reader: StreamReader;
  readonly plan: FaultPlan;
  readonly #random: Random;
  readonly #nodes: Node[];
  readonly #places: SimPlaces<Tenant>;
  #database: { readonly share: number; readonly isAfter: boolean } | null = null;
  #skipShare = 0.03;
  #started = 0;
  #running: SimProcess | null = null;
  /** By event id: how often its handler still throws. */
  readonly #throwing = new Map<string, number>();
  #handlersThrow = false;
  #isHealed = false;
  readonly #ofReconcile: Random;
  readonly #damage: Damage;
  /** What the last reconcile pass since everything healed found wrong, by kind; null: there was none. */
  #lastPass: string | null = null;

  constructor(seed: number, isVerbose: boolean) {
    this.#random = new Random(seed);
    this.#ofReconcile = new Random(seed + RECONCILE_STREAM);
    this.plan = drawPlan(this.#random.fork(), this.#ofReconcile.fork());
    this.journal = new Journal(() => this.time.now, isVerbose);
    this.#places = new SimPlaces({
      ...{ time: this.time, random: this.#random, journal: this.journal },
      ...{ restartMs: RESTART_MS, start: (place) => this.#start(place) },
    });
    this.cluster = new Cluster(this.#random.fork());
    this.server = new MemoryServer({ now: () => this.time.now });
    this.witness = new Witness(
      this.server,
      this.cluster,
      this.journal,
      () => this.#running?.name ?? null,
      () => this.#nodes.some((node) => node.isHonestFor(HONEST_LONG_ENOUGH_MS)),
    );
    this.#damage = new Damage(this.server, this.witness, this.#ofReconcile.fork(), this.journal);
    const ofReader = new Random(seed + READER_STREAM);
    this.reader = new StreamReader(
      this.server.connect({ step: () => new Promise((resolve) => void this.time.after(1, resolve)) }),
      new SimProcess('reader', this.time, ofReader.fork(), false, () => undefined).clock,
      ofReader,
      this.journal,
    );
    for (let slot = 0; slot <= this.plan.slotsBefore; slot++) this.#nextSlot();
    this.#nodes = Array.from({ length: this.plan.nodes }, (_, at) => {
      return new Node(`node${at}`, this.cluster, this.#random.fork(), this.journal, () => this.time.now);
    });
    for (const { switches } of this.#nodes) switches.pageCap = this.plan.pageCap ?? Infinity;
    this.#tick();
    for (let place = 0; place < this.plan.workers; place++) {
      this.time.after(this.#random.between(0, 500), () => this.#start(place));
    }
    for (const fault of this.plan.faults) this.time.after(fault.atMs, () => this.#begin(fault));
    this.time.after(this.plan.healAtMs, () => this.#heal());
    if (this.plan.hasClockTrouble) this.journal.standingFault('clocks wrong');
  }

  #tick(): void {
    this.time.after(SLOT_MS, () => {
      this.#nextSlot();
      for (const node of this.#nodes) node.announce();
      this.server.expireTransactions();
      this.#tick();
    });
  }

  #nextSlot(): void {
    if (!this.#isHealed) {
      for (let due = this.plan.traffic * (SLOT_MS / 1_000); due > 0; due--) {
        if (this.#random.chance(due)) this.cluster.send();
      }
    }
    const isSkipped = this.#random.chance(this.#skipShare);
    if (isSkipped) this.journal.fault('slots skipped', String(this.cluster.head + 1));
    this.cluster.tick(isSkipped);
  }

  #start(place: number): void {
    const { plan, journal, server, time } = this;
    const name = `worker${place}.${(this.#started += 1)}`;
    const random = this.#random.fork();
    const process = new SimProcess(name, time, random, plan.hasClockTrouble, (running) => (this.#running = running));
    const dead = new AbortController();
    const own: Tenant = { process, dead, stepsLeft: null };
    this.#places.take(place, own);
    journal.say(`${name} starts`);
    const log = simLogger((level, fields, message) => this.#onLog(name, level, fields, message));
    // Everybody has an order of preference of their own.
    const nodes = random.shuffled(this.#nodes);
    const worker = startSimWorker({
      ...{ process, random, log, module: this.#module(), settings: plan.settings },
      db: server.connect({ step: () => this.#step(place, own), dead: dead.signal }),
      endpoints: nodes.map(({ name: node, rpc, switches }) => {
        return new SimEndpoint(node, process, rpc, switches, random.fork(), journal);
      }),
      openSocket: (url, events) => {
        const node = nodes.find((one) => url.endsWith(one.name));
        if (!node) throw new Error(`no node at ${url}`);
        return node.open(process, events);
      },
    });
    this.told.listenTo(worker.announcer);
  }

  /** One way of a database command: there, or back. */
  #step(place: number, own: Tenant): Promise<void> {
    const { process } = own;
    return new Promise((resolve, reject) => {
      process.after(this.#random.between(0.2, 4), () => {
        if (own.stepsLeft !== null && own.stepsLeft-- <= 0) {
          this.#places.kill(place);
          return;
        }
        const database = this.#database;
        if (database && this.#random.chance(database.share)) {
          this.journal.fault(database.isAfter ? 'database fails after' : 'database fails before');
          reject(connectionLost());
          return;
        }
        resolve();
      });
    });
  }

  #begin(fault: PlannedFault): void {
    const { journal, time, cluster } = this;
    const until = Math.min(fault.forMs, Math.max(0, this.plan.healAtMs - time.now - 1));
    switch (fault.kind) {
      case 'fork': {
        const { dropped, relanding } = cluster.fork(fault.depth, fault.relandShare);
        if (dropped > 0) journal.fault('fork: transactions dropped', `${dropped}, depth ${fault.depth}`);
        if (relanding > 0) journal.fault('fork: transactions land again', `${relanding}, depth ${fault.depth}`);
        return;
      }
      case 'skips':
        this.#skipShare = 0.6;
        time.after(until, () => (this.#skipShare = 0.03));
        return;
      case 'cut':
        this.#nodes[fault.node]?.cutSockets();
        return;
      case 'node': {
        const end = this.#nodes[fault.node]?.begin(fault.what);
        journal.say(`node${fault.node} ${fault.what} for ${Math.round(until)} ms`);
        time.after(until, () => end?.());
        return;
      }
      case 'kill': {
        const own = this.#places.at(fault.worker);
        if (!own) return;
        own.stepsLeft = fault.afterSteps;
        time.after(until, () => own.stepsLeft !== null && this.#places.kill(fault.worker));
        return;
      }
      case 'freeze':
        // Longer than a lease's term, often enough: somebody else must have taken over by then.
        this.#places.freeze(fault.worker, until * 2);
        return;
      case 'database':
        this.#database = fault;
        time.after(until, () => (this.#database = null));
        return;
      case 'handler':
        this.#handlersThrow = true;
        time.after(until, () => (this.#handlersThrow = false));
        return;
      case 'damage':
        this.#damage.do(fault.what);
        return;
      case 'hides': {
        const switches = this.#nodes[fault.node]?.switches;
        if (!switches) return;
        const accounts = [...cluster.bank().keys()];
        const share = fault.share || 1 / Math.max(1, accounts.length);
        const hidden = new Set(accounts.filter(() => this.#ofReconcile.chance(share)));
        switches.hides = (address) => hidden.has(address);
        time.after(until, () => (switches.hides = () => false));
        return;
      }
    }
  }

  /** What is still to be seen of reconcile: a pass over a world that heals by itself no more, and that finds nothing. */
  reconcileLacks(): string[] {
    if (!this.plan.isReconciled || this.#lastPass === '') return [];
    return [
      this.#lastPass === null ? 'nobody has reconciled since' : `the last reconcile pass found ${this.#lastPass}`,
    ];
  }

  #heal(): void {
    this.#isHealed = true;
    this.journal.say('everything heals');
  }

  /** The coupons module, with handlers that throw for some events the first times. */
  #module(): DomainModule {
    const events = Object.fromEntries(
      Object.entries(coupons.events).map(([name, handler]): [string, EventHandler] => [
        name,
        (event) => {
          if (this.#handlersThrow && !this.#throwing.has(event.id)) {
            this.#throwing.set(event.id, this.#random.chance(0.5) ? 1 + this.#random.whole(3) : 0);
          }
          const left = this.#throwing.get(event.id) ?? 0;
          const isApplied = this.witness.records.get(event.id)?.state === 'applied';
          if (left > 0 && !isApplied) {
            this.#throwing.set(event.id, left - 1);
            this.journal.fault('handler throws', event.id.slice(0, 8));
            throw new Error('a bad deploy');
          }
          return handler(event);
        },
      ]),
    );
    return { ...coupons, events };
  }

  #onLog(worker: string, level: string, fields: Record<string, unknown>, message: string): void {
    const { journal } = this;
    // The id of a run is drawn by the process itself.
    const { run: _, ...told } = fields;
    journal.say(`${worker} ${level} ${message} ${JSON.stringify(told, bigintsAsText)}`);
    if (message === 'reconcile pass done' && this.#isHealed) {
      const found = PASS_FINDINGS.filter((name) => fields[name] !== 0);
      this.#lastPass = found.map((name) => `${String(fields[name])} ${name}`).join(', ');
    }
    if (message.startsWith('disputed transaction settled')) journal.recovered('dispute settled by the chain');
    if (message.startsWith('the sweep found')) journal.recovered('found by the sweep');
    if (message.startsWith('the frontier stays')) journal.recovered('frontier held back');
    if (message === 'listening') journal.recovered('socket rebuilt');
    if (message === 'lease taken' && Number(fields['fence']) > 1) journal.recovered('lease taken over');
  }
}

function bigintsAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
