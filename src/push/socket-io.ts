import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { mongo } from 'mongoose';
import { Server, type Socket } from 'socket.io';
import type { Clock } from '../lib/clock.js';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import { repeat } from '../lib/repeat.js';
import type { Metrics } from '../telemetry/metrics.js';
import { isAllowedOrigin } from './allowed-origin.js';
import { ABREAST, ClientSession } from './client-session.js';
import type { PushingModule } from './messages.js';
import { PushHub } from './push-hub.js';
import { roomKinds } from './rooms.js';

/** Of one message from a client, in bytes: 500 rooms are about 25 KB. */
const MAX_MESSAGE_BYTES = 64 * 1_024;
/** How often everybody who is up to date hears how far that is, in milliseconds: of a quiet room, else, a cursor would age. */
const CURSOR_EVERY_MS = 10_000;
/** How often the keys of connected clients are looked at, in milliseconds. */
const KEYS_EVERY_MS = 60_000;
/** How long clients get to answer that the connection is closed, in milliseconds, and how often it is looked whether they did. */
const CLOSE_MS = 1_000;
const LOOK_EVERY_MS = 10;

/** How the server is to behave. */
export interface PushSettings {
  /** Origins whose pages may connect beside the server's own; `*` for all. */
  readonly allowedOrigins: readonly string[];
  /** Long polling beside WebSocket: where several processes share a port it needs sticky sessions. */
  readonly polling: boolean;
  readonly maxClients: number;
}

interface PushServerDependencies {
  readonly db: mongo.Db;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly modules: readonly PushingModule[];
  /** May whoever has this key listen? Null: everybody may. */
  readonly mayListen: ((apiKey: string | null) => Promise<boolean>) | null;
  readonly settings: PushSettings;
}

/** The push server while it serves. */
export interface PushServer {
  /** Cuts all connections, upon which clients look for another process, or this one's successor. */
  stop(): Promise<void>;
}

const NO_KEY = 'Connecting needs an API key that may read, as `auth: { apiKey: "mk_…" }`.';

/** Serves Socket.IO on an HTTP server: what `modules` push, to whoever subscribes (docs/push.md). */
export function servePush(http: HttpServer, dependencies: PushServerDependencies): PushServer {
  const { clock, log, metrics, modules, settings } = dependencies;
  const { allowedOrigins } = settings;
  const io = new Server(http, {
    transports: settings.polling ? ['polling', 'websocket'] : ['websocket'],
    maxHttpBufferSize: MAX_MESSAGE_BYTES,
    ...(allowedOrigins.length === 0
      ? {}
      : { cors: { origin: allowedOrigins.includes('*') ? '*' : [...allowedOrigins] } }),
    allowRequest: ({ headers }: IncomingMessage, decide) => {
      if (!isAllowedOrigin(headers, allowedOrigins)) decide('origin not allowed: see PUSH_ALLOWED_ORIGINS', false);
      else if (io.engine.clientsCount >= settings.maxClients) decide('too many clients: see PUSH_MAX_CLIENTS', false);
      else decide(null, true);
    },
  });
  const sessions = new Map<Socket, ClientSession>();
  const wires = new Set<Duplex>();
  http.on('upgrade', (_request, wire: Duplex) => {
    wires.add(wire);
    wire.once('close', () => wires.delete(wire));
  });
  const hub = new PushHub({
    ...dependencies,
    audience: {
      isThere: () => sessions.size > 0,
      tell: (rooms, { name, payload }) => void io.to([...rooms]).emit(name, payload),
      afterGo: () => sessions.forEach((session) => session.endIfSlow()),
      lost: () => {
        log.error({}, 'commits are gone that nobody was told of');
        const message = 'Some of what happened cannot be told. Read the state over HTTP, and go on from this cursor.';
        io.to(ABREAST).emit('mooring:too-far', { message, cursor: hub.cursor() });
      },
    },
  });

  const mayListen = async (socket: Socket) =>
    dependencies.mayListen === null || (await dependencies.mayListen(apiKeyOf(socket)));
  io.use((socket, next) => {
    mayListen(socket).then(
      (may) => next(may ? undefined : refusal('unauthenticated', NO_KEY)),
      (error: unknown) => {
        log.warn({ error: messageOf(error) }, 'an API key could not be checked');
        next(refusal('unavailable', 'The database does not answer. Try again in a moment.'));
      },
    );
  });
  const kinds = roomKinds(modules.map(({ push }) => push));
  io.on('connection', (socket) => {
    sessions.set(socket, new ClientSession(socket, { ...dependencies, hub, kinds, mayStay: () => mayListen(socket) }));
    metrics.pushClients.set(sessions.size);
    socket.on('disconnect', () => {
      sessions.delete(socket);
      metrics.pushClients.set(sessions.size);
    });
  });

  const stop = new AbortController();
  const report = (error: unknown) => log.warn({ error: messageOf(error) }, 'push clients could not be looked after');
  let toldCursor: string | null = null;
  const cursors = repeat(
    clock,
    CURSOR_EVERY_MS,
    stop.signal,
    () => {
      const cursor = hub.cursor();
      if (cursor !== toldCursor && cursor !== null) io.to(ABREAST).emit('mooring:cursor', { cursor });
      toldCursor = cursor;
      return Promise.resolve();
    },
    report,
  );
  const keys = repeat(
    clock,
    KEYS_EVERY_MS,
    stop.signal,
    async () => {
      for (const [socket, session] of sessions) {
        if (!(await mayListen(socket))) session.end('unauthenticated', 'The API key was revoked.');
      }
    },
    report,
  );
  return {
    stop: async () => {
      stop.abort();
      await Promise.all([hub.stop(), cursors.ended, keys.ended]);
      // Not the server's own close, which tells clients to stay away: these come back, to whoever serves then.
      io.engine.close();
      // Who reads nothing does not answer the closing handshake, and would keep the process for 30 s.
      const deadline = clock.monotonic() + CLOSE_MS;
      while (wires.size > 0 && clock.monotonic() < deadline) await clock.sleep(LOOK_EVERY_MS);
      for (const wire of wires) wire.destroy();
    },
  };
}

function apiKeyOf({ handshake }: Socket): string | null {
  const { apiKey } = handshake.auth as { readonly apiKey?: unknown };
  return typeof apiKey === 'string' ? apiKey : null;
}

/** What a client gets in `connect_error`: the sentence, and as `data` what to decide by. */
function refusal(code: 'unauthenticated' | 'unavailable', message: string): Error {
  return Object.assign(new Error(message), { data: { code, message } });
}
