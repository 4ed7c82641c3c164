import PQueue from 'p-queue';
import { BoundedQueue } from '../lib/bounded-queue.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { DecodedNotice, Ingest, Notice } from './ingest.js';

/** Notices that may wait. A node cuts off a slow reader (TRAPS 8), so the socket's callback only ever enqueues. */
const QUEUE_CAPACITY = 20_000;
/** Notices stored by one insert at most. */
const BATCH = 1_500;
/** Transactions that may wait to be fetched: beyond this the sweep finds them as well as we would. */
const FETCH_CAPACITY = 5_000;
/** Transactions fetched at once on behalf of the socket. */
const FETCHES_AT_ONCE = 16;
/** How long to wait before storing again after the database refused, in milliseconds. */
const TROUBLE_MS = 500;

interface IntakeDependencies {
  readonly ingest: Ingest;
  readonly clock: Clock;
  readonly log: Log;
  /** Something was dropped or could not be had: somebody should look at the chain's own list soon. */
  readonly onHole: (reason: 'queue-full' | 'fetch-failed') => void;
}

/**
 * Takes what a live source announces. Notices whose logs say everything are stored at once, in batches; those that
 * need the transaction itself are fetched beside them and hold nobody up. Nothing is promised here: a notice is a
 * hint, and what is dropped leaves a hole that the sweep closes.
 */
export class NoticeIntake {
  readonly #queue = new BoundedQueue<Notice>(QUEUE_CAPACITY);
  readonly #fetching = new PQueue({ concurrency: FETCHES_AT_ONCE });
  #running: Promise<void> | undefined;

  constructor(private readonly dependencies: IntakeDependencies) {}

  start(): void {
    this.#running ??= this.#run();
  }

  offer(notice: Notice): void {
    if (!this.#queue.offer(notice)) this.dependencies.onHole('queue-full');
  }

  /** Stores what is queued and waits for the fetches under way. */
  async stop(): Promise<void> {
    this.#queue.close();
    await this.#running;
    this.#fetching.clear();
    await this.#fetching.onIdle();
  }

  async #run(): Promise<void> {
    let storing = Promise.resolve();
    for (;;) {
      const notices = await this.#queue.take(BATCH);
      if (notices.length === 0) return storing;
      const ready: DecodedNotice[] = [];
      for (const notice of notices) {
        const decoded = this.#decode(notice);
        if (decoded) ready.push(decoded);
        else if (decoded === null) this.#fetchLater(notice);
      }
      // The next ones are decoded while the database works on these.
      await storing;
      storing = this.#store(ready);
    }
  }

  /** Undefined when the notice cannot be decoded at all: then nobody else is held up by it. */
  #decode(notice: Notice): DecodedNotice | null | undefined {
    const { ingest, log, onHole } = this.dependencies;
    try {
      return ingest.decodeFromLogs(notice);
    } catch (error) {
      log.error({ signature: notice.signature, error: messageOf(error) }, 'a notice could not be decoded');
      onHole('fetch-failed');
      return undefined;
    }
  }

  async #store(ready: readonly DecodedNotice[]): Promise<void> {
    const { ingest, clock, log, onHole } = this.dependencies;
    try {
      await ingest.store(ready);
    } catch (error) {
      log.error(
        { notices: ready.length, error: messageOf(error) },
        'events could not be stored; the sweep will bring them',
      );
      onHole('fetch-failed');
      await clock.sleep(TROUBLE_MS);
    }
  }

  #fetchLater(notice: Notice): void {
    const { ingest, log, onHole } = this.dependencies;
    if (this.#fetching.size >= FETCH_CAPACITY) {
      onHole('queue-full');
      return;
    }
    void this.#fetching.add(async () => {
      try {
        const [outcome] = await ingest.take([notice], 'confirmed');
        if (outcome?.kind === 'unavailable') onHole('fetch-failed');
      } catch (error) {
        log.error({ signature: notice.signature, error: messageOf(error) }, 'a transaction could not be stored');
        onHole('fetch-failed');
      }
    });
  }
}
