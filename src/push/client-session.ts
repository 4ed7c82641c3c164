import type { Socket } from 'socket.io';
import type { RoomKey } from '../domain-kit/push.js';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { decodeCursor } from './cursor.js';
import type { PushHub, ToldMessage } from './push-hub.js';
import { RequestBudget } from './request-budget.js';
import { MAX_ROOMS, readRooms, type RoomName } from './rooms.js';

/** Messages that wait for a client at most before it counts as one that cannot keep up. */
const MAX_UNSENT = 2_000;
/** While it is told what it missed, so many. */
const MAX_UNSENT_MISSED = 200;
/** How long it may take to take some of them, in milliseconds. */
const PATIENCE_MS = 10_000;
/** How often it is looked whether it did, in milliseconds. */
const LOOK_EVERY_MS = 10;
/** Requests beyond its budget that a client is told of before it is cut off. */
const MAX_REFUSALS = 100;

/** In this room are those who hear how far everything is: who is not through with what was missed would skip it. */
export const ABREAST = 'mooring/abreast';

/** Why the server ends a connection. */
export type EndReason = 'slow' | 'unauthenticated' | 'too-many-requests' | 'unavailable';

/** Why a request of a client was not done. */
export type RefusalCode =
  | 'bad-request'
  | 'bad-room'
  | 'bad-cursor'
  | 'too-many-rooms'
  | 'too-many-requests'
  | 'unauthenticated'
  | 'unavailable';

/** What a request is answered with. */
export type Acknowledgement =
  | {
      readonly ok: true;
      /** Of what happens after this the client hears by itself; to be kept, and handed in as `since` after a break. */
      readonly cursor: string | null;
      /** How many rooms it is in. */
      readonly rooms: number;
      /** How many messages came between `since` and now; they were sent before this. */
      readonly missed: number;
      /** What was missed is not to be had any more. */
      readonly tooFar: boolean;
    }
  | { readonly ok: false; readonly error: { readonly code: RefusalCode; readonly message: string } };

interface SessionDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<Metrics, 'pushDisconnectsTotal'>;
  readonly hub: Pick<PushHub, 'follow' | 'cursor'>;
  readonly kinds: ReadonlyMap<string, RoomKey>;
  /** False: its key is good no more. */
  readonly mayStay: () => Promise<boolean>;
}

const TOO_FAR =
  'What happened since this cursor is not kept any more. Read the state over HTTP, and go on from the cursor in this message.';

/** One client: its rooms, and how it came to be up to date in them. */
export class ClientSession {
  readonly #rooms = new Set<RoomName>();
  readonly #budget: RequestBudget;
  #refusals = 0;
  /** Requests are answered one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #isEnding = false;

  constructor(
    private readonly socket: Socket,
    private readonly dependencies: SessionDependencies,
  ) {
    this.#budget = new RequestBudget(dependencies.clock.monotonic());
    socket.on('subscribe', (request: unknown, acknowledge: unknown) =>
      this.#answer(acknowledge, () => this.#subscribe(request)),
    );
    socket.on('unsubscribe', (request: unknown, acknowledge: unknown) =>
      this.#answer(acknowledge, () => Promise.resolve(this.#unsubscribe(request))),
    );
  }

  /** Ends the connection of a client that lets more wait than is kept for anybody. */
  endIfSlow(): void {
    if (unsent(this.socket) > MAX_UNSENT) {
      this.end('slow', `More than ${MAX_UNSENT} messages waited for you. Connect again, and go on from your cursor.`);
    }
  }

  /**
   * Ends the connection so that Socket.IO's client connects again by itself. What it has not taken yet, it may still take
   * for a while; nothing is added to it.
   */
  end(reason: EndReason, message: string): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    const { clock, log, metrics } = this.dependencies;
    for (const room of [...this.#rooms, ABREAST]) void this.socket.leave(room);
    this.socket.emit('mooring:disconnecting', { reason, message });
    metrics.pushDisconnectsTotal.inc({ reason });
    log.info({ client: this.socket.id, reason }, 'a push client is disconnected');
    const { conn, request } = this.socket;
    const gone = new AbortController();
    request.socket.once('close', () => gone.abort());
    conn.close();
    // Who reads nothing does not answer the closing handshake either.
    void clock.sleep(PATIENCE_MS, gone.signal).then(() => request.socket.destroy());
  }

  #answer(acknowledge: unknown, work: () => Promise<Acknowledgement>): void {
    const answer = typeof acknowledge === 'function' ? (acknowledge as (answer: Acknowledgement) => void) : () => {};
    if (!this.#budget.spend(this.dependencies.clock.monotonic())) {
      this.#refusals += 1;
      answer(refused('too-many-requests', 'Too many requests. Ask for several rooms in one, and wait a second.'));
      if (this.#refusals > MAX_REFUSALS) this.end('too-many-requests', 'Too many requests.');
      return;
    }
    this.#turn = this.#turn.then(async () => {
      if (this.#isEnding || !this.socket.connected) return;
      try {
        answer(await work());
      } catch (error) {
        this.dependencies.log.warn({ error: messageOf(error) }, 'a push request could not be answered');
        answer(refused('unavailable', 'The database does not answer. Try again in a moment.'));
      }
    });
  }

  async #subscribe(request: unknown): Promise<Acknowledgement> {
    const { kinds, hub, mayStay } = this.dependencies;
    const reading = readRooms(kinds, request, ['since']);
    if (!reading.ok) return refused(reading.code, reading.message);
    const wanted = new Set([...this.#rooms, ...reading.rooms]);
    if (wanted.size > MAX_ROOMS) {
      return refused('too-many-rooms', `A client can be in ${MAX_ROOMS} rooms; this would make ${wanted.size}.`);
    }
    const { since: cursor } = request as { readonly since?: unknown };
    const since = cursor === undefined || cursor === null ? null : decodeCursor(cursor);
    if (cursor !== undefined && cursor !== null && since === null) {
      return refused('bad-cursor', '`since` must be a cursor from a message or an acknowledgement, as it was.');
    }
    if (!(await mayStay())) return this.#refuseAndEnd('unauthenticated', 'The API key is unknown, or revoked.');
    // What it hears live meanwhile waits as well: a cursor from later would skip what was missed.
    if (since !== null) for (const room of [...this.#rooms, ABREAST]) void this.socket.leave(room);
    const outcome = await hub
      .follow(
        wanted,
        since,
        (message) => this.#tellMissed(message),
        () => this.#join(wanted),
      )
      .catch((error: unknown) => {
        // It is in no room any more, or has been told a part of what it missed: from its cursor it begins anew.
        if (since !== null) this.end('unavailable', 'What you missed could not be read. Connect again.');
        throw error;
      });
    if (outcome.kind === 'overrun')
      return this.#refuseAndEnd('unavailable', 'Too much happened meanwhile. Connect again.');
    const { cursor: now } = outcome;
    if (outcome.kind === 'too-far') this.socket.emit('mooring:too-far', { message: TOO_FAR, cursor: now });
    const missed = outcome.kind === 'live' ? outcome.missed : 0;
    return { ok: true, cursor: now, rooms: this.#rooms.size, missed, tooFar: outcome.kind === 'too-far' };
  }

  /** The answer first: of a connection that is being ended nothing goes out. */
  #refuseAndEnd(reason: EndReason & RefusalCode, message: string): Acknowledgement {
    setImmediate(() => this.end(reason, message));
    return refused(reason, message);
  }

  #unsubscribe(request: unknown): Acknowledgement {
    const reading = readRooms(this.dependencies.kinds, request);
    if (!reading.ok) return refused(reading.code, reading.message);
    for (const room of reading.rooms) {
      this.#rooms.delete(room);
      void this.socket.leave(room);
    }
    return { ok: true, cursor: this.dependencies.hub.cursor(), rooms: this.#rooms.size, missed: 0, tooFar: false };
  }

  /** In one turn with the decision to join: the rooms are in this process's memory. */
  #join(rooms: ReadonlySet<RoomName>): void {
    if (this.#isEnding) return;
    for (const room of rooms) this.#rooms.add(room);
    void this.socket.join([...rooms, ABREAST]);
  }

  /** No faster than the client takes it. */
  async #tellMissed({ name, payload }: ToldMessage): Promise<void> {
    const { clock } = this.dependencies;
    this.socket.emit(name, payload);
    const deadline = clock.monotonic() + PATIENCE_MS;
    while (unsent(this.socket) > MAX_UNSENT_MISSED && this.socket.connected && !this.#isEnding) {
      if (clock.monotonic() >= deadline) this.end('slow', 'You did not take what you had missed. Connect again.');
      else await clock.sleep(LOOK_EVERY_MS);
    }
  }
}

function refused(code: RefusalCode, message: string): Acknowledgement {
  return { ok: false, error: { code, message } };
}

/** Messages of a client that its connection has not taken. engine.io keeps them in this list, and tells its length nowhere. */
function unsent({ conn }: Socket): number {
  return (conn as unknown as { readonly writeBuffer: readonly unknown[] }).writeBuffer.length;
}
