import type { mongo } from 'mongoose';
import PQueue from 'p-queue';
import type { ChainPort } from '../chain/chain-port.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { backoffMs, type BackoffPolicy } from '../lib/backoff.js';
import { messageOf } from '../lib/errors.js';
import { repeat, type Repeating } from '../lib/repeat.js';
import { SharedAnswer } from '../lib/shared-answer.js';
import type { Metrics } from '../telemetry/metrics.js';
import { reconcileAllocations } from './allocation-reconcile.js';
import type { AttemptMaker } from './attempt-maker.js';
import { DeskMeter } from './desk-meter.js';
import { followedRequest, type FollowedRequest } from './followed-request.js';
import { heedWish } from './heed-wish.js';
import { livingAttempts, WALLETS, type ManagedTransaction } from './managed-transaction.js';
import { NumberTaker } from './number-taker.js';
import { readLanding, type Sight } from './read-landing.js';
import { countRequests } from './read-signer-requests.js';
import type { Replanner } from './replanner.js';
import { RequestSigner } from './request-signer.js';
import { RequestTracker, type TrackerDeps } from './request-tracker.js';
import type { SignerNonces } from './signer-nonces.js';
import { readPause } from './signer-pause.js';
import { MOST_AT_ONCE, SignerWriter } from './signer-writer.js';
import { isAnswered, isResting } from './transaction-machine.js';
import { UNRESOLVED_STATES, type TransactionStore } from './transaction-store.js';
import { TurnLines } from './turn-lines.js';

/** What a desk works with. */
export interface DeskDeps extends Omit<TrackerDeps, 'writer' | 'chain'> {
  readonly db: mongo.Db;
  readonly store: TransactionStore;
  /** Any endpoint, with failover. */
  readonly chain: ChainPort;
  readonly maker: AttemptMaker;
  readonly replanner: Replanner;
  /** The nonces whose authority is the signer. */
  readonly nonces: (signer: string) => SignerNonces;
  /** 0 ≤ n < 1. */
  readonly random: () => number;
  readonly metrics: Metrics;
  /** Hears of every request that has its answer. */
  readonly onAnswered: (id: string) => void;
}

const TICK_MS = 75;
const LOADED_AT_ONCE = 1_000;
/** Requests that are planned and signed side by side. */
const SIGNED_AT_ONCE = 16;
const TROUBLE: BackoffPolicy = { firstMs: 250, maxMs: 10_000, jitter: 0.5 };

/**
 * Everything that is done for the requests of one signer, by whoever holds its lease: numbers are taken, bytes signed and
 * stored, handed to the nodes again and again, looked for, and signed anew once it is proven that they can never land. What is
 * decided is written under the fence before it is acted on, so that a successor goes on from any step (I8, I9).
 */
export class SignerDesk {
  readonly #followed = new Map<string, FollowedRequest>();
  readonly #signatures = new Set<string>();
  readonly #lines = new TurnLines();
  readonly #signing = new PQueue({ concurrency: SIGNED_AT_ONCE });
  readonly #steps = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  readonly #writer: SignerWriter;
  readonly #numbers: NumberTaker;
  readonly #signer: RequestSigner;
  readonly #tracker: RequestTracker;
  readonly #nonces: SignerNonces;
  readonly #meter: DeskMeter;
  #intake: Repeating | undefined;
  #failure: StaleFenceError | undefined;
  /** One question for all that is signed at once. */
  readonly #isPaused: SharedAnswer<boolean>;

  constructor(
    private readonly deps: DeskDeps,
    private readonly signer: string,
    work: LeaseWork,
    lost: AbortSignal,
  ) {
    const { db, store, clock, replanner, timing } = deps;
    const writer = new SignerWriter({ db, store, work, clock });
    this.#writer = writer;
    this.#numbers = new NumberTaker({ writer, replanner });
    const isTaken = (signature: string) => this.#signatures.has(signature);
    this.#nonces = deps.nonces(signer);
    this.#signer = new RequestSigner({ ...deps, writer, numbers: this.#numbers, nonces: this.#nonces, isTaken });
    this.#tracker = new RequestTracker({ ...deps, writer });
    this.#meter = new DeskMeter(deps.metrics, signer);
    this.#isPaused = new SharedAnswer(clock, timing.intakeMs, async () => (await readPause(db, signer)) !== null);
    if (lost.aborted) this.#ended.abort();
    lost.addEventListener('abort', () => this.#ended.abort(), { once: true });
  }

  /** Looks for new requests at once. */
  wake(): void {
    this.#intake?.soon();
  }

  /** Works until the lease is lost or given up. @throws StaleFenceError when somebody else has it. */
  async run(): Promise<void> {
    try {
      await this.#work();
    } finally {
      this.#meter.end();
    }
  }

  async #work(): Promise<void> {
    const { clock, timing, log } = this.deps;
    const { signal } = this.#ended;
    await this.#takeUp();
    const loop = (everyMs: number, what: string, task: () => Promise<void>) =>
      repeat(clock, everyMs, signal, task, (error) => {
        if (error instanceof StaleFenceError) this.#fail(error);
        else log.warn({ signer: this.signer, error: messageOf(error) }, `cannot ${what} now`);
      });
    this.#intake = loop(timing.intakeMs, 'take in new requests', () => this.#takeIn());
    const loops = [
      this.#intake,
      loop(timing.wishesMs, 'do what operators want', () => this.#heedWishes()),
      loop(TICK_MS, 'look at the chain', () => this.#look()),
      loop(timing.noncesMs, 'look after the nonces', () => this.#nonces.refresh()),
      loop(timing.reconcileMs, 'compare numbers with the chain', () => this.#reconcile()),
      loop(timing.measureMs, 'count transactions', () => this.#measure()),
      ...(this.signer === WALLETS
        ? [loop(timing.forgetMs, 'remove what was never submitted', () => this.#forgetPrepared())]
        : []),
    ];
    await Promise.all(loops.map(({ ended }) => ended));
    await this.#signing.onIdle();
    await Promise.all(this.#steps);
    if (this.#failure) throw this.#failure;
  }

  /** What a holder before left under way. */
  async #takeUp(): Promise<void> {
    const { store, log } = this.deps;
    let after: ManagedTransaction | null = null;
    do {
      const page: ManagedTransaction[] = await store.readOpen(this.signer, LOADED_AT_ONCE, after);
      for (const transaction of page) this.#follow(transaction);
      after = page.length < LOADED_AT_ONCE ? null : (page.at(-1) ?? null);
    } while (after && !this.#ended.signal.aborted);
    const count = this.#followed.size;
    if (count > 0) log.info({ signer: this.signer, count }, 'took up unresolved transactions');
  }

  /** New requests are taken under the fence, with a number where they need one; a paused signer takes none. */
  async #takeIn(): Promise<void> {
    const { db, store, log } = this.deps;
    const waiting = await store.readNew(this.signer, MOST_AT_ONCE);
    if (waiting.length === 0 || (await readPause(db, this.signer))) return;
    const taken = await Promise.allSettled(waiting.map((transaction) => this.#numbers.take(transaction)));
    for (const outcome of taken) {
      if (outcome.status === 'fulfilled') {
        if (outcome.value) this.#follow(outcome.value);
      } else if (outcome.reason instanceof StaleFenceError) throw outcome.reason;
      else log.warn({ signer: this.signer, error: messageOf(outcome.reason) }, 'cannot take in a request now');
    }
    if (taken.every(({ status }) => status === 'fulfilled')) this.wake();
  }

  #follow(transaction: ManagedTransaction): void {
    const { id, state } = transaction;
    if (this.#followed.has(id) || isResting(state)) return;
    const followed = followedRequest(transaction, this.deps.clock.monotonic(), this.deps.timing.bumpMs);
    this.#followed.set(id, followed);
    for (const { signature } of transaction.attempts) this.#signatures.add(signature);
    if (state === 'pending') this.#sign(followed);
  }

  /** From `pending` to stored and offered bytes, or to the chain's no; in its turn. */
  #sign(followed: FollowedRequest): void {
    const { turn, id } = followed.transaction;
    if (turn !== null && !this.#lines.take(turn, id)) {
      followed.nextLookMs = Infinity;
      return;
    }
    this.#begin(followed, () =>
      this.#signing.add(async () => {
        if (this.#ended.signal.aborted) return;
        // What was taken in before the pause, or has to be signed anew, waits as well.
        if (await this.#isPaused.get()) {
          followed.nextLookMs = this.deps.clock.monotonic() + this.deps.timing.intakeMs;
          return;
        }
        this.#note(followed, await this.#signer.sign(followed.transaction));
        this.#note(followed, await this.#tracker.offer(followed));
      }),
    );
  }

  async #look(): Promise<void> {
    const { chain, clock, timing } = this.deps;
    const nowMs = clock.monotonic();
    const due = [...this.#followed.values()].filter(({ isBusy, nextLookMs }) => !isBusy && nextLookMs <= nowMs);
    const signed = due.filter(({ transaction }) => transaction.state !== 'pending');
    for (const followed of due) if (followed.transaction.state === 'pending') this.#sign(followed);
    // Bytes stored a moment ago were not sent by anybody yet: their first look would find nothing.
    const fresh = signed.filter(({ transaction, nextSendMs }) => transaction.state === 'signed' && nextSendMs <= nowMs);
    for (const followed of fresh) this.#step(followed, () => this.#tracker.offer(followed));
    const sent = signed.filter((followed) => !followed.isBusy);
    if (sent.length === 0) return;
    const signatures = sent.flatMap(({ transaction }) => livingAttempts(transaction).map(({ signature }) => signature));
    let statuses;
    try {
      ({ statuses } = await chain.signatureStatuses(signatures));
    } catch (error) {
      // Not knowing is not an answer (I5): ask again, however long it takes.
      for (const followed of sent) this.#trouble(followed, error);
      return;
    }
    const status = new Map(signatures.map((signature, position) => [signature, statuses[position] ?? null]));
    for (const followed of sent) {
      const { transaction, sinceMs } = followed;
      const pollMs = transaction.state === 'confirmed' ? timing.finalityMs : timing.pollMs(nowMs - sinceMs);
      followed.nextLookMs = clock.monotonic() + pollMs;
      followed.failures = 0;
      const sight = readLanding(
        livingAttempts(transaction).map(({ signature }) => ({ signature, status: status.get(signature) ?? null })),
      );
      if (sight.kind !== 'seen') this.#step(followed, () => this.#judge(followed, sight));
    }
  }

  async #judge(followed: FollowedRequest, sight: Sight): Promise<ManagedTransaction | null> {
    const changed = await this.#tracker.judge(followed, sight);
    const { clock, timing } = this.deps;
    const { transaction } = followed;
    const isLate = transaction.lifetime === 'nonce' && clock.monotonic() >= followed.nextRaiseMs;
    if (sight.kind !== 'absent' || !isLate || changed?.state === 'pending') return changed;
    followed.nextRaiseMs = clock.monotonic() + timing.bumpMs;
    return (await this.#signer.raise(changed ?? transaction)) ?? changed;
  }

  async #heedWishes(): Promise<void> {
    for (const { id, counter, wish } of await this.deps.store.readWished(this.signer)) {
      const followed = this.#followed.get(id);
      const next = await this.#writer.change({
        id,
        ...(counter === null ? {} : { counter }),
        decide: heedWish,
      });
      if (!followed) continue;
      if (wish === 'resubmit') Object.assign(followed, { nextLookMs: 0, nextSendMs: 0, nextProofMs: 0 });
      if (wish === 'bump') Object.assign(followed, { nextLookMs: 0, nextRaiseMs: 0 });
      this.#note(followed, next);
    }
  }

  #reconcile(): Promise<void> {
    const forget = (row: string) => this.#numbers.forget(row);
    return reconcileAllocations({ ...this.deps, writer: this.#writer, forget }, this.signer, this.#ended.signal);
  }

  async #measure(): Promise<void> {
    const { db, clock, timing } = this.deps;
    const before = new Date(clock.now() - timing.unresolvedMs);
    const unresolved = await countRequests(db, this.signer, UNRESOLVED_STATES, before);
    const open = [...this.#followed.values()].map(({ transaction }) => transaction);
    this.#meter.measure(open, unresolved, this.#writer.statistics());
  }

  /** The server has signed nothing of it. */
  async #forgetPrepared(): Promise<void> {
    const { store, clock, timing, log } = this.deps;
    const count = await store.forgetPrepared(new Date(clock.now() - timing.preparedKeptMs));
    if (count > 0) log.info({ count }, 'removed prepared transactions that were never submitted');
  }

  /** Takes over what was written. Null: nothing was. */
  #note(followed: FollowedRequest, next: ManagedTransaction | null): void {
    if (!next) return;
    const before = followed.transaction;
    followed.transaction = next;
    for (const { signature } of next.attempts) this.#signatures.add(signature);
    this.#meter.note(before, next, this.deps.clock.now());
    if (isAnswered(next.state) && before.state !== next.state) this.#answered(next);
    if (isAnswered(next.state) && next.turn !== null) this.#nextInLine(next.turn, next.id);
    if (!isResting(next.state)) return;
    this.#followed.delete(next.id);
    // One that is not given back now is taken back by the next look after the nonces.
    void this.#nonces.release(next).catch(() => undefined);
    for (const { signature } of next.attempts) this.#signatures.delete(signature);
  }

  #answered({ id, command, state, signature, slot }: ManagedTransaction): void {
    this.deps.log.info({ transaction: id, command, signature, slot }, `transaction ${state}`);
    this.deps.onAnswered(id);
  }

  #nextInLine(turn: string, id: string): void {
    const next = this.#lines.leave(turn, id);
    const followed = next === undefined ? undefined : this.#followed.get(next);
    if (followed) followed.nextLookMs = 0;
  }

  #step(followed: FollowedRequest, step: () => Promise<ManagedTransaction | null>): void {
    this.#begin(followed, async () => this.#note(followed, await step()));
  }

  /** Runs something for a request beside the loops, one thing at a time. */
  #begin(followed: FollowedRequest, work: () => Promise<void>): void {
    followed.isBusy = true;
    const step = work()
      .catch((error: unknown) => this.#trouble(followed, error))
      .finally(() => {
        followed.isBusy = false;
        this.#steps.delete(step);
      });
    this.#steps.add(step);
  }

  #trouble(followed: FollowedRequest, error: unknown): void {
    if (error instanceof StaleFenceError) return this.#fail(error);
    const { clock, random, log } = this.deps;
    followed.nextLookMs = clock.monotonic() + backoffMs(TROUBLE, followed.failures++, random);
    log.warn({ transaction: followed.transaction.id, reason: messageOf(error) }, 'cannot go on with a transaction now');
  }

  #fail(error: StaleFenceError): void {
    this.#failure ??= error;
    this.#ended.abort();
  }
}
