import type { mongo } from 'mongoose';
import type { ProgramCodec } from '../decoding/types.js';
import type { DomainModule } from '../domain-kit/domain-module.js';
import { isHeld, StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import type { Clock } from '../lib/clock.js';
import { messageOf, MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import {
  isSwapping,
  noteReplay,
  readReplay,
  refuseReplay,
  ReplayEndedError,
  type Replay,
} from '../ledger/replay-request.js';
import { isOneDocumentsFault } from '../pipeline/apply-received.js';
import { BatchSize } from '../pipeline/batch-size.js';
import { tapProjection } from '../pipeline/projection-store.js';
import { clearQueue, countQueue, enqueue, ensureReplayQueue, nextInQueue } from './replay-queue.js';
import {
  assertReplaceable,
  createShadows,
  dropEndedShadows,
  shadowSuffix,
  shadowView,
  swapShadows,
} from './replay-shadow.js';
import {
  beginSwap,
  biteDocuments,
  biteLeftovers,
  biteRecords,
  biteSettled,
  endPhase,
  FACTS_OF,
  noteShadows,
  setAside,
  type ReplayBench,
} from './replay-steps.js';

interface ReplayDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  /** Records or documents per transaction at most. */
  readonly batchSize: number;
}

/** Nothing can be projected while collections are being exchanged: it is stored, and applied afterwards. */
class SwapUnfinishedError extends MooringError {
  override readonly name = 'SwapUnfinishedError';
  constructor() {
    super('swap-unfinished', 'The collections are being exchanged; what comes meanwhile is applied afterwards.');
  }
}

/**
 * Does the replay that was asked for, as the lease holder, in bites between which live ingest goes on. Each bite is one
 * transaction that also says how far it came: whoever holds the lease after a crash goes on there.
 *
 * Documents never disappear meanwhile: each is changed once, from what it was to what it must be. In between, those that
 * are still to come are as the older handlers made them.
 */
export class Replayer {
  readonly #size: BatchSize;
  /** The replay whose queue is known to begin empty, or to be its own. */
  #begun: string | undefined;

  constructor(
    private readonly dependencies: ReplayDependencies,
    private readonly module: DomainModule,
    private readonly codec: ProgramCodec,
    private readonly work: LeaseWork,
  ) {
    this.#size = new BatchSize(dependencies.batchSize);
  }

  /**
   * Works until nothing is left to replay, or `signal` is aborted. True when it did something.
   * @throws StaleFenceError when the lease turns out to be somebody else's.
   */
  async run(signal: AbortSignal): Promise<boolean> {
    let didSomething = false;
    while (!signal.aborted && (await this.work.exclusive(() => this.#bite()))) didSomething = true;
    return didSomething;
  }

  /** One bite. False when there is nothing to do, or nothing this process may do. */
  async #bite(): Promise<boolean> {
    const { db, clock, log } = this.dependencies;
    const replay = await readReplay(db, this.module.name);
    if (replay?.state !== 'running') {
      if (replay && replay.id === this.#begun) await this.#forget();
      return false;
    }
    if (isSwapping(replay)) return this.#swap(replay);
    if (replay.version !== this.module.version) {
      const note =
        `it was asked for with version ${replay.version} of the module, and the worker runs version ` +
        `${this.module.version}: restart the worker with the new one`;
      await noteReplay(db, replay, note);
      return false;
    }
    if (this.#begun !== replay.id) return this.#begin(replay);
    const bench = this.#bench(replay);
    try {
      await this.#size.learnFrom(clock, this.#size.current, () => this.#step(bench));
    } catch (error) {
      if (error instanceof ReplayEndedError) {
        await this.#forget();
        return false;
      }
      if (!isOneDocumentsFault(error)) throw error;
      await this.#isolate(bench, error);
    }
    const after = await readReplay(db, this.module.name);
    if (after?.id === replay.id && after.state === 'done') {
      log.info({ program: this.module.name, ...after.counts, problems: after.problems }, 'replay done');
      await clearQueue(db, this.work.lease, this.module.name);
    }
    return true;
  }

  #bench(replay: Replay): ReplayBench {
    const { db, clock } = this.dependencies;
    const { shadow, shadowSuffix: suffix } = replay;
    const target = shadow && suffix !== null ? shadowView(db, this.module, suffix) : db;
    return { db, target, clock, lease: this.work.lease, module: this.module, codec: this.codec, replay };
  }

  /** Takes a replay up, from its start or where another process left it. False when it cannot be made. */
  async #begin(replay: Replay): Promise<boolean> {
    const { db, clock, log } = this.dependencies;
    const { fromSlot, shadow, phase, cursor } = replay;
    await ensureReplayQueue(db);
    if (phase === 'records' && cursor === null) {
      // Nothing of it was queued or built yet: what is there is of one that was cancelled.
      tapProjection(this.work.lease, null);
      await clearQueue(db, this.work.lease, this.module.name);
      await dropEndedShadows(db, this.module);
      try {
        if (shadow) await this.#beginShadows(replay);
      } catch (error) {
        if (error instanceof ReplayEndedError) return false;
        if (error instanceof StaleFenceError || !(error instanceof MooringError)) throw error;
        await refuseReplay(db, replay, error.message, new Date(clock.now()));
        return false;
      }
    }
    if (shadow) this.#listen();
    log.info({ program: this.module.name, fromSlot, shadow, phase, cursor }, 'replay: working on it');
    this.#begun = replay.id;
    return true;
  }

  async #beginShadows(replay: Replay): Promise<void> {
    const { db } = this.dependencies;
    const suffix = shadowSuffix(replay, this.work.lease);
    await assertReplaceable(db, this.module);
    await noteShadows(this.#bench(replay), suffix);
    // Of a holder that began and wrote nothing.
    await dropEndedShadows(db, this.module);
    await createShadows(db, this.module, suffix);
  }

  /**
   * To be called in the first turn under the lease, before anything is projected: finishes a swap that another process
   * began, and listens to what is projected while shadows are being built.
   */
  async prepare(): Promise<void> {
    const replay = await readReplay(this.dependencies.db, this.module.name);
    if (!replay) return;
    await dropEndedShadows(this.dependencies.db, this.module);
    if (!replay.shadow || replay.state !== 'running') return;
    if (isSwapping(replay)) await this.#swap(replay);
    else if (replay.cursor !== null || replay.phase !== 'records') this.#listen();
  }

  /** What is projected into the live collections from now on is queued for the shadows. */
  #listen(): void {
    const { db } = this.dependencies;
    const { name } = this.module;
    const collections = new Set(this.module.models.map(({ collection }) => collection));
    tapProjection(this.work.lease, async (session, { touches, records }) => {
      const known = touches.filter((touch) => collections.has(touch.slice(0, touch.indexOf(':'))));
      await enqueue(db, session, name, new Set([...known, ...records.map(({ _id }) => FACTS_OF + _id)]));
    });
  }

  /** Lets go of a replay that has ended, with whatever it had built and not exchanged. */
  async #forget(): Promise<void> {
    this.#begun = undefined;
    tapProjection(this.work.lease, null);
    await dropEndedShadows(this.dependencies.db, this.module);
  }

  /** The last documents and the exchange, in one turn: nothing is projected in between. */
  async #finishShadow(bench: ReplayBench): Promise<void> {
    const { db } = this.dependencies;
    while ((await biteDocuments(bench, this.#size.current)) > 0);
    await beginSwap(bench);
    const swapping = await readReplay(db, this.module.name);
    if (swapping) await this.#swap(swapping);
  }

  async #swap(replay: Replay): Promise<boolean> {
    const { db, log } = this.dependencies;
    tapProjection(this.work.lease, () => Promise.reject(new SwapUnfinishedError()));
    const [, ...collections] = (replay.cursor ?? []).map(String);
    if (!(await isHeld(db, this.work.lease))) throw new StaleFenceError(this.work.lease);
    if (replay.shadowSuffix !== null) await swapShadows(db, collections, replay.shadowSuffix);
    await endPhase(this.#bench(replay));
    tapProjection(this.work.lease, null);
    await clearQueue(db, this.work.lease, this.module.name);
    await dropEndedShadows(db, this.module);
    log.info({ program: this.module.name, collections }, 'replay: the collections are exchanged');
    return true;
  }

  async #step(bench: ReplayBench): Promise<void> {
    const limit = this.#size.current;
    const done = await (() => {
      switch (bench.replay.phase) {
        case 'records':
          return biteRecords(bench, limit);
        case 'documents':
          return biteDocuments(bench, limit);
        case 'leftovers':
          return biteLeftovers(bench, limit);
        case 'settle':
          return biteSettled(bench, limit);
        case 'swap':
          // What came meanwhile, in turns between which live ingest goes on, until little is left.
          return countQueue(this.dependencies.db, this.module.name).then((left) =>
            left > limit ? biteDocuments(bench, limit) : 0,
          );
      }
    })();
    if (done > 0) return;
    if (bench.replay.phase === 'swap') await this.#finishShadow(bench);
    else await endPhase(bench);
  }

  /** Goes on one by one where a document refuses what it should hold, until the culprit stands alone. */
  async #isolate(bench: ReplayBench, fault: unknown): Promise<void> {
    const { phase } = bench.replay;
    if (phase !== 'records' && phase !== 'documents' && phase !== 'swap') throw fault;
    try {
      await (phase === 'records' ? biteRecords(bench, 1) : biteDocuments(bench, 1));
    } catch (error) {
      if (!isOneDocumentsFault(error)) throw error;
      if (phase === 'records') {
        await biteRecords(bench, 1, messageOf(error));
        return;
      }
      const [first] = await nextInQueue(this.dependencies.db, this.module.name, 1);
      if (first) await setAside(bench, first, messageOf(error));
    }
  }
}
