import type { mongo } from 'mongoose';
import { invokeDispatcher } from '../../../src/delivery/desk/invoke-dispatcher.js';
import { deliveryId } from '../../../src/delivery/desk/new-delivery.js';
import { replayRecords } from '../../../src/delivery/desk/replay-records.js';
import { sendAnew } from '../../../src/delivery/desk/send-anew.js';
import { DispatcherStore } from '../../../src/delivery/dispatchers/dispatcher-store.js';
import type { DispatcherDefinition, Target } from '../../../src/delivery/dispatchers/dispatcher-definition.js';
import { wouldReach } from '../../../src/delivery/dispatchers/who-gets.js';
import { ingestSendEvents } from '../../../src/delivery/records/ingest-send-event.js';
import { cancelRecord } from '../../../src/delivery/records/list-records.js';
import { messageOf } from '../../../src/lib/errors.js';
import { wakeHolder } from '../../../src/pipeline/wake-signal.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import type { DlJournal } from './dl-journal.js';
import type { DlJudge } from './dl-judge.js';
import { isMany, type PlannedDispatcher, type PlannedSending } from './dl-plan.js';
import { metrics } from './dl-process.js';

interface PeopleParts {
  readonly process: SimProcess;
  readonly random: Random;
  readonly db: mongo.Db;
  readonly judge: DlJudge;
  readonly journal: DlJournal;
}

const SOURCE = 'shop';
/** How long whoever got no answer waits, in milliseconds. */
const PATIENCE_MS = 300;
/** Of an operator. */
const IMPATIENCE = { times: 4, everyMs: 60 };
const LONG_AGO_MS = 3_600_000;

/** Applications that send events and operators who meddle: what the API does for them, in a process that never dies. */
export class DlPeople {
  readonly #store: DispatcherStore;
  readonly #sent: { readonly sending: PlannedSending; readonly at: number }[] = [];
  /** By dispatcher: its definition as somebody last wanted it, and how often it was given another endpoint. */
  readonly #wanted: { readonly planned: PlannedDispatcher; version: number }[];
  readonly #randomBytes: (size: number) => Buffer;

  constructor(
    private readonly parts: PeopleParts,
    dispatchers: readonly PlannedDispatcher[],
  ) {
    const { random, process, db } = parts;
    this.#randomBytes = (size) => Buffer.from(Uint8Array.from({ length: size }, () => random.whole(256)));
    this.#store = new DispatcherStore(db, { clock: process.clock, randomBytes: this.#randomBytes });
    this.#wanted = dispatchers.map((planned) => ({ planned, version: 1 }));
  }

  /** The endpoint of a dispatcher as it is wanted now. */
  urlOf(dispatcher: number): string {
    return `https://d${dispatcher}.example/v${this.#wanted[dispatcher]?.version ?? 0}`;
  }

  /** Makes a dispatcher what is wanted of it, with the next endpoint where it `changes`. */
  async define(dispatcher: number, changes: boolean): Promise<void> {
    const wanted = this.#wanted[dispatcher];
    if (!wanted) return;
    if (changes) wanted.version += 1;
    const { environment } = wanted.planned;
    const definition = definitionOf(wanted.planned, this.urlOf(dispatcher));
    await this.#insist(() => this.#store.upsert(environment, `d${dispatcher}`, definition));
  }

  /** An application sends its events, and sends them again until it knows that they are taken in. */
  async send(at: number, sending: PlannedSending): Promise<void> {
    const { process, db, judge, journal } = this.parts;
    const { environment, events } = sending;
    if (isMany(sending)) journal.fault('many events at once', environment);
    this.#sent.push({ sending, at });
    const deps = { db, clock: process.clock, metrics, randomBytes: this.#randomBytes };
    const sent = events.map(({ name, tier, owner, account, deliverAfter }, place) => ({
      event: { id: `event${at}.${place}`, name, source: SOURCE, payload: { tier, owner } },
      options: { accountId: account ?? undefined, deliverAfter: deliverAfter ?? undefined },
    }));
    await this.#insist(() => ingestSendEvents(deps, environment, sent));
    for (const { event } of sent) judge.onAcknowledged(environment, event.id);
    await this.#wake();
  }

  /** Somebody sends what was sent before once more. */
  async repeat(): Promise<void> {
    const { random, journal } = this.parts;
    if (this.#sent.length === 0) return;
    const { sending, at } = random.pick(this.#sent);
    journal.fault('event sent again', `event${at}`);
    await this.send(at, sending);
  }

  async takeBack(): Promise<void> {
    const { random, db, judge, journal } = this.parts;
    const due = judge.records.filter(({ state }) => state === 'due');
    if (due.length === 0) return;
    const { _id, environment } = random.pick(due);
    journal.fault('event taken back by its sender', _id);
    await this.#once(() => cancelRecord(db, environment, _id));
  }

  async disable(dispatcher: number): Promise<void> {
    await this.#atDispatcher(dispatcher, async ({ _id, environment, enabled }) => {
      this.parts.journal.fault('dispatcher disabled by somebody', _id);
      await this.#store.setEnabled(environment, _id, !enabled);
    });
  }

  async change(dispatcher: number): Promise<void> {
    this.parts.journal.fault('dispatcher changed by somebody', `d${dispatcher}`);
    await this.define(dispatcher, true);
  }

  async remove(dispatcher: number): Promise<void> {
    await this.#atDispatcher(dispatcher, async ({ _id, environment }) => {
      this.parts.journal.fault('dispatcher removed by somebody', _id);
      await this.#store.remove(environment, _id);
    });
  }

  /** An operator who cannot wait: several times, and first what a desk is about to begin. */
  async sendAnew(): Promise<void> {
    const { random, db, judge, journal, process } = this.parts;
    for (let time = 0; time < IMPATIENCE.times; time++) {
      if (time > 0) await process.clock.sleep(IMPATIENCE.everyMs);
      const due = judge.deliveries.filter(({ state, claimFence }) => state === 'due' && claimFence === null);
      const among = due.length > 0 && random.chance(0.6) ? due : judge.deliveries;
      if (among.length === 0) continue;
      const { _id, environment } = random.pick(among);
      journal.fault('operator sends anew', _id);
      await this.#once(() => sendAnew(db, environment, _id, new Date(process.clock.now())));
    }
    await this.#wake();
  }

  async replay(dispatcher: number, isForced: boolean): Promise<void> {
    const { db, journal, process } = this.parts;
    const { clock } = process;
    await this.#atDispatcher(dispatcher, async ({ _id, environment }) => {
      journal.fault('operator replays', _id);
      const wanted = await this.#store.read(environment, _id);
      if (!wanted) return;
      const span = { from: new Date(clock.now() - LONG_AGO_MS), to: new Date(clock.now()), after: null };
      const deps = { db, client: db.client, clock, isReached: wouldReach, wake: () => undefined };
      await replayRecords(deps, wanted, { ...span, force: isForced });
      await this.#wake();
    });
  }

  async invoke(dispatcher: number): Promise<void> {
    const { db, random, judge, journal, process } = this.parts;
    const { records } = judge;
    if (records.length === 0) return;
    const record = random.pick(records)._id;
    await this.#atDispatcher(dispatcher, async ({ _id, environment }) => {
      journal.fault('operator invokes', _id);
      judge.onInvoked(deliveryId(record, _id));
      const deps = { db, client: db.client, clock: process.clock, wake: () => undefined };
      await invokeDispatcher(deps, _id, record, environment);
      await this.#wake();
    });
  }

  #atDispatcher(
    dispatcher: number,
    work: (stored: { _id: string; environment: string; enabled: boolean }) => Promise<void>,
  ): Promise<void> {
    const { dispatchers } = this.parts.judge;
    const id = dispatchers.ids.findLast((one) => dispatchers.now(one)?.dispatchableId === `d${dispatcher}`);
    const stored = id === undefined ? null : dispatchers.now(id);
    return stored ? this.#once(() => work(stored)) : Promise.resolve();
  }

  async #wake(): Promise<void> {
    // As the API does: a hint, and nobody minds when it is lost.
    await wakeHolder(this.parts.db, 'deliveries').catch(() => undefined);
  }

  /** Somebody who sees that it failed, and leaves it at that. */
  async #once(work: () => Promise<unknown>): Promise<void> {
    await work().catch((error: unknown) => this.parts.journal.say(`somebody was refused: ${messageOf(error)}`));
  }

  /** Somebody who does it again until it is done. */
  async #insist(work: () => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        this.parts.journal.say(`somebody was refused, and tries again: ${messageOf(error)}`);
        await this.parts.process.clock.sleep(PATIENCE_MS);
      }
    }
  }
}

function definitionOf(planned: PlannedDispatcher, url: string): DispatcherDefinition {
  const { events, tiers, account, isManual, isOrdered } = planned;
  return {
    ...{ events, source: SOURCE, account, manual: isManual, filterMode: 'strict', commitment: 'finalized' },
    filter: tiers === null ? {} : { payload: { tier: tiers } },
    orderBy: isOrdered ? ['payload', 'owner'] : null,
    dispatchable: targetOf(planned, url),
  };
}

function targetOf({ kind, concurrency, ratePerSecond, timeoutMs }: PlannedDispatcher, url: string): Target {
  switch (kind) {
    case 'job':
      return { kind, job: 'count', version: '1' };
    case 'dynamic-trigger':
      return { kind, trigger: 'shop-events', url };
    case 'webhook':
      return { kind, url, concurrency, ratePerSecond, timeoutMs };
  }
}
