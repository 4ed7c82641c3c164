import type { ServerResponse } from 'node:http';
import type { mongo } from 'mongoose';
import { followStable, resolveStart, type StableItem } from '../ledger/stable-stream.js';
import { readStableHead } from '../ledger/stable-slot.js';
import { encodeStreamCursor } from '../ledger/stream-cursor.js';
import type { Clock } from '../lib/clock.js';
import { messageOf, MooringError } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { repeat, type Repeating } from '../lib/repeat.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Problem } from './problem.js';
import { jsonValue } from '../lib/json-value.js';
import { SseWriter } from './sse-writer.js';
import { invalidStart, type StreamRequest } from './stream-request.js';

/** How often it is measured how far consumers are behind, in milliseconds. */
const MEASURE_MS = 1_000;
/** After a failure of the database a stream goes on from where it was after this long, in milliseconds. */
const TROUBLE_MS = 1_000;
/** A client that takes nothing for so long is cut off, in milliseconds: it can go on from its cursor, and others may need its place. */
const STALLED_MS = 5 * 60_000;

interface Consumer {
  readonly program: string;
  readonly writer: SseWriter;
  readSlot: number;
}

/** What streams stand on. */
export interface EventStreamsDeps {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'streamConsumers' | 'streamLagSlots' | 'databaseErrorsTotal'>;
  /** Streams served at once. */
  readonly maxConsumers: number;
  /** Unset: five minutes. */
  readonly stalledMs?: number;
}

/** Serves stable streams as Server-Sent Events, each by itself: a slow one costs its page, and no other one notices. */
export class EventStreams {
  readonly #consumers = new Set<Consumer>();
  readonly #stop = new AbortController();
  readonly #measuring: Repeating;
  /** Streams that are being opened count as well. */
  #open = 0;

  constructor(private readonly deps: EventStreamsDeps) {
    this.#measuring = repeat(deps.clock, MEASURE_MS, this.#stop.signal, () => this.#measure(), this.#report);
  }

  /**
   * Answers with a stream, until the client leaves or `stop` is called.
   * @throws Problem `invalid-cursor`, `cursor-expired`, `too-many-streams`, before anything is answered.
   */
  async serve(request: StreamRequest, response: ServerResponse): Promise<void> {
    const { db, maxConsumers, stalledMs = STALLED_MS } = this.deps;
    if (this.#open >= maxConsumers) {
      throw new Problem('too-many-streams', `${maxConsumers} are open: see STREAM_MAX_CONSUMERS.`);
    }
    this.#open += 1;
    try {
      const position = await resolveStart(db, request.program, request.from).catch(refuseStart);
      if (response.destroyed) return;
      const writer = new SseWriter(response, stalledMs);
      const consumer: Consumer = { program: request.program, writer, readSlot: position.read.slot };
      this.#consumers.add(consumer);
      this.#count(request.program);
      if (this.#stop.signal.aborted) writer.end();
      await this.#tell(consumer, request, encodeStreamCursor(position));
      writer.end();
      this.#consumers.delete(consumer);
      this.#count(request.program);
    } finally {
      this.#open -= 1;
    }
  }

  /** Ends all streams; their clients connect again, to whoever serves then, and go on from where they are. */
  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { writer } of this.#consumers) writer.end();
    await this.#measuring.ended;
  }

  async #tell(consumer: Consumer, { program, names }: StreamRequest, cursor: string): Promise<void> {
    const { writer } = consumer;
    let reached = cursor;
    while (!writer.ended.aborted) {
      try {
        const items = followStable(this.deps, {
          ...{ program, names, from: { cursor: reached }, signal: writer.ended },
          onRead: (slot) => (consumer.readSlot = slot),
        });
        for await (const item of items) {
          await writer.send(messageFrom(item));
          reached = item.cursor;
        }
      } catch (error) {
        // It is told why when it connects again.
        if (error instanceof MooringError) return;
        this.#report(error);
        await this.deps.clock.sleep(TROUBLE_MS, writer.ended);
      }
    }
  }

  readonly #report = (error: unknown): void => {
    this.deps.metrics.databaseErrorsTotal.inc({ operation: 'stream' });
    this.deps.log.warn({ error: messageOf(error) }, 'the ledger could not be read for a stream; trying again');
  };

  #count(program: string): void {
    const { streamConsumers, streamLagSlots } = this.deps.metrics;
    const count = this.#of(program).length;
    streamConsumers.set({ program }, count);
    if (count === 0) streamLagSlots.set({ program }, 0);
  }

  async #measure(): Promise<void> {
    for (const program of new Set([...this.#consumers].map((consumer) => consumer.program))) {
      const head = await readStableHead(this.deps.db, program);
      const slots = this.#of(program).map(({ readSlot }) => readSlot);
      if (head === null || slots.length === 0) continue;
      this.deps.metrics.streamLagSlots.set({ program }, Math.max(0, head.slot - Math.min(...slots)));
    }
  }

  #of(program: string): Consumer[] {
    return [...this.#consumers].filter((consumer) => consumer.program === program);
  }
}

function messageFrom(item: StableItem) {
  return { event: item.kind, id: item.cursor, data: JSON.stringify(jsonValue(item)) };
}

function refuseStart(error: unknown): never {
  if (error instanceof MooringError && error.code === 'stream-cursor-invalid') throw invalidStart();
  if (error instanceof MooringError && error.code === 'stream-cursor-expired') {
    throw new Problem('cursor-expired', error.message);
  }
  throw error;
}
