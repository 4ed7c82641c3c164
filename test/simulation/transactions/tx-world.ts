import type { TransactionDesks } from '../../../src/app/transaction-desks.js';
import { pauseSigner, resumeSigner } from '../../../src/transactions/signer-pause.js';
import { TransactionStore } from '../../../src/transactions/transaction-store.js';
import { connectionLost } from '../memory-mongo/errors.js';
import { MemoryServer } from '../memory-mongo/memory-server.js';
import { Random } from '../random.js';
import { simLogger } from '../sim-log.js';
import { SimPlaces, type Tenant } from '../sim-places.js';
import { SimProcess } from '../sim-process.js';
import { VirtualTime } from '../virtual-time.js';
import { simNonceAddress } from './sim-nonces.js';
import { storeNonces } from './sim-nonces-stored.js';
import type { Wire } from './sim-wire.js';
import { TxClient, type Server } from './tx-client.js';
import { BLOCKHASH_LIFE, FINALITY_DEPTH, FIRST_SLOT, TxCluster } from './tx-cluster.js';
import { TxEndpoint } from './tx-endpoint.js';
import { TxJudge } from './tx-judge.js';
import { txJournal, type TxJournal } from './tx-journal.js';
import { TxNode } from './tx-node.js';
import { beginNodeFault } from './tx-node-faults.js';
import { drawTxPlan, type PlannedRequest, type TxPlan, type TxPlannedFault } from './tx-plan.js';
import { startTxProcess } from './tx-process.js';
import { TxRivals } from './tx-rivals.js';
import { SIGNERS } from './tx-signers.js';

/** An eighth of a real one, so that 150 of them pass soon. */
const SLOT_MS = 50;
/** A supervisor starts a process again after so many milliseconds. */
const RESTART_MS = { least: 100, most: 2_500 };
const SLOTS_BEFORE = 20;
const NONCE_STREAM = 0x6e6f6e;
const SKIP_SHARE = { usual: 0.03, high: 0.5 };

/** A process that runs, or ran, at its place. */
interface Place extends Tenant {
  desks: TransactionDesks | null;
}

/** Everything of one run: cluster, endpoints, database, processes, clients, and what goes wrong by plan. */
export class TxWorld {
  readonly time = new VirtualTime();
  readonly journal: TxJournal;
  readonly cluster: TxCluster;
  readonly server: MemoryServer;
  readonly judge: TxJudge;
  readonly plan: TxPlan;
  readonly clients: TxClient[] = [];
  readonly #random: Random;
  readonly #nodes: TxNode[];
  readonly #places: SimPlaces<Place>;
  readonly #operator;
  readonly #rivals: TxRivals;
  #running: SimProcess | null = null;
  #database: { readonly share: number; readonly isAfter: boolean } | null = null;
  #skipShare = SKIP_SHARE.usual;
  #started = 0;
  #isHealed = false;
  #isOver = false;

  constructor(seed: number, isVerbose: boolean) {
    this.#random = new Random(seed);
    // A stream of their own: where there are none a seed stays what it was.
    this.plan = drawTxPlan(this.#random.fork(), new Random(seed ^ NONCE_STREAM), SIGNERS.length);
    this.journal = txJournal(() => this.time.now, isVerbose);
    this.#places = new SimPlaces({
      ...{ time: this.time, random: this.#random, journal: this.journal },
      ...{ restartMs: RESTART_MS, start: (place) => this.#start(place) },
    });
    this.cluster = new TxCluster(this.#random.fork(), (block) => this.judge.onBlock(block));
    this.server = new MemoryServer({ now: () => this.time.now });
    this.judge = new TxJudge(this.server, this.cluster, this.journal, () => this.#running?.name ?? null);
    this.#rivals = new TxRivals(this.cluster, this.journal);
    this.#operator = this.server.connect({ step: () => Promise.resolve() });
    for (let slot = 0; slot < SLOTS_BEFORE; slot++) this.cluster.tick(false);
    void storeNonces(this.#operator, SIGNERS, this.plan.noncesEach, FIRST_SLOT);
    this.#nodes = Array.from({ length: this.plan.nodes }, (_, at) => {
      return new TxNode(`node${at}`, this.cluster, this.#random.fork(), this.journal, (wire) => this.#onBytes(wire));
    });
    this.#tick();
    for (let place = 0; place < this.plan.places; place++) {
      this.time.after(this.#random.between(0, 300), () => this.#start(place));
    }
    for (const [at, request] of this.plan.requests.entries()) {
      this.time.after(request.atMs, () => this.#request(at, request));
    }
    for (const fault of this.plan.faults) this.time.after(fault.atMs, () => this.#begin(fault));
    this.time.after(this.plan.healAtMs, () => this.#heal());
    if (this.plan.hasClockTrouble) this.journal.standingFault('clocks wrong');
  }

  /** Whoever sees bytes on their way may be faster. */
  #onBytes(wire: Wire): void {
    this.judge.onBytes(wire);
    if (this.#isHealed) return;
    if (this.#random.chance(this.plan.rivalShare)) this.#rivals.overtake(wire);
    if (wire.nonce !== null && this.#random.chance(this.plan.advanceShare)) this.#rivals.advances(wire.nonce);
  }

  /** Ends all processes and lets the chain run on, until nothing that was ever signed can land any more. */
  runOut(): void {
    this.#isOver = true;
    for (const { process, dead } of this.#places.all) {
      process.kill();
      dead.abort();
    }
    for (let slot = 0; slot < BLOCKHASH_LIFE + 2 * FINALITY_DEPTH; slot++) this.cluster.tick(false);
  }

  /** What is still to come to rest. */
  unrested(): string[] {
    const waiting = this.clients.filter(({ isDone }) => !isDone).map(({ wish }) => `${wish.key} waits for its answer`);
    return [...this.judge.unrested(), ...this.judge.nonces.unrested(), ...waiting];
  }

  #tick(): void {
    this.time.after(SLOT_MS, () => {
      if (this.#isOver) return;
      const isSkipped = this.#random.chance(this.#skipShare);
      if (isSkipped) this.journal.fault('slots skipped', String(this.cluster.head + 1));
      this.cluster.tick(isSkipped);
      this.server.expireTransactions();
      this.#tick();
    });
  }

  #start(place: number): void {
    const { plan, journal, server, time } = this;
    if (this.#isOver) return;
    const name = `process${place}.${(this.#started += 1)}`;
    const random = this.#random.fork();
    const process = new SimProcess(name, time, random, plan.hasClockTrouble, (running) => this.#onRun(running, place));
    const own: Place = { process, dead: new AbortController(), desks: null, stepsLeft: null };
    this.#places.take(place, own);
    journal.say(`${name} starts`);
    void startTxProcess({
      ...{ process, random, attempts: plan.attempts },
      log: simLogger((level, fields, message) => this.#onLog(name, level, fields, message)),
      db: server.connect({ step: () => this.#step(own), dead: own.dead.signal }),
      // Everybody has an order of preference of their own.
      endpoints: random.shuffled(this.#nodes).map((node) => new TxEndpoint(node, process, random.fork(), journal)),
    }).then(
      (desks) => (own.desks = desks),
      (error: unknown) => {
        journal.say(`${name} could not start: ${String(error)}`);
        this.#places.kill(place, own);
      },
    );
  }

  #onRun(process: SimProcess, place: number): void {
    this.#running = process;
    this.#places.countStep(place, process);
  }

  /** One way of a database command: there, or back. */
  #step(own: Place): Promise<void> {
    return new Promise((resolve, reject) => {
      own.process.after(this.#random.between(0.2, 4), () => {
        const database = this.#database;
        if (!database || !this.#random.chance(database.share)) return resolve();
        this.journal.fault(database.isAfter ? 'database fails after' : 'database fails before');
        reject(connectionLost());
      });
    });
  }

  #request(at: number, planned: PlannedRequest): void {
    const { kind, signer, row, tag, copies, isReused, patienceMs } = planned;
    const lifetime = planned.isOverNonce ? 'nonce' : 'blockhash';
    const body = { signer: SIGNERS[signer] as string, row, tag: String(tag) };
    const key = `key${at}`;
    if (tag !== at) this.journal.fault('same content under two keys', key);
    for (let copy = 0; copy < copies; copy++) this.#client({ key, kind, body, lifetime, patienceMs });
    if (!isReused) return;
    this.journal.fault('key used with another body', key);
    this.#client({ key, kind, body: { ...body, tag: String(1_000 + at) }, lifetime, patienceMs });
  }

  #client(wish: TxClient['wish']): void {
    const client = new TxClient(
      {
        ...{ time: this.time, random: this.#random.fork(), journal: this.journal },
        server: () => this.#reach(),
        answerLoss: () => (this.#isHealed ? 0 : this.plan.answerLoss),
        onTold: (transaction) => this.judge.onTold(transaction),
      },
      wish,
    );
    this.clients.push(client);
    client.ask();
  }

  #reach(): Server | undefined {
    const alive = this.#places.all.flatMap(({ process, desks }) =>
      desks && !process.isDead ? [{ process, desks }] : [],
    );
    return alive.length === 0 ? undefined : this.#random.pick(alive);
  }

  #begin(fault: TxPlannedFault): void {
    const { journal, time, cluster } = this;
    const until = Math.min(fault.forMs, Math.max(0, this.plan.healAtMs - time.now - 1));
    switch (fault.kind) {
      case 'fork': {
        const { dropped, relanding } = cluster.fork(fault.depth, fault.relandShare);
        if (dropped > 0) journal.fault('fork: transactions dropped', `${dropped}, depth ${fault.depth}`);
        if (relanding > 0) journal.fault('fork: transactions lie around again', `${relanding}, depth ${fault.depth}`);
        return;
      }
      case 'skips':
        this.#skipShare = SKIP_SHARE.high;
        time.after(until, () => (this.#skipShare = SKIP_SHARE.usual));
        return;
      case 'node': {
        const node = this.#nodes[fault.node];
        if (!node) return;
        journal.say(`${node.name} ${fault.what} for ${Math.round(until)} ms`);
        time.after(until, beginNodeFault(node.switches, fault.what, this.#random));
        return;
      }
      case 'kill':
        return this.#places.dieAfter(fault.place, fault.afterSteps, until);
      case 'freeze':
        // Longer than a lease's term, often enough: somebody else must have taken over by then.
        this.#places.freeze(fault.place, until);
        return;
      case 'database':
        this.#database = fault;
        time.after(until, () => (this.#database = null));
        return;
      case 'takes':
        this.#rivals.takes(fault.row);
        return;
      case 'moves':
        this.#rivals.moves(fault.row);
        return;
      case 'closes':
        time.after(until, this.#rivals.closes(fault.row));
        return;
      case 'broke':
        time.after(until, this.#rivals.empties(SIGNERS[fault.signer] as string));
        return;
      case 'pause': {
        const signer = SIGNERS[fault.signer] as string;
        journal.fault('operator pauses a signer', signer);
        this.#running = null;
        void pauseSigner(this.#operator, signer, { reason: 'a look at it', at: new Date(0) });
        time.after(until, () => void resumeSigner(this.#operator, signer));
        return;
      }
      case 'cancel': {
        const open = this.judge.requests.filter(({ state }) => state === 'pending' || state === 'sent');
        if (open.length === 0) return;
        const { id } = this.#random.pick(open);
        journal.fault('operator takes a request back', id);
        this.#running = null;
        void new TransactionStore(this.#operator).wish(id, 'cancel', new Date(0));
        return;
      }
      case 'bump': {
        const offered = this.judge.requests.filter(({ lifetime, state }) => lifetime === 'nonce' && state === 'sent');
        if (offered.length === 0) return;
        const { id } = this.#random.pick(offered);
        journal.fault('operator wants more offered', id);
        this.#running = null;
        void new TransactionStore(this.#operator).wish(id, 'bump', new Date(0));
        return;
      }
      case 'advances':
        this.#rivals.advances(simNonceAddress(fault.signer, fault.nonce));
        return;
    }
  }

  #heal(): void {
    this.#isHealed = true;
    this.journal.say('everything heals');
  }

  #onLog(name: string, level: string, fields: Record<string, unknown>, message: string): void {
    const { journal } = this;
    journal.say(`${name} ${level} ${message} ${JSON.stringify(fields)}`);
    if (message === 'lease lost to another process') journal.recovered('stale holder stopped');
  }
}
