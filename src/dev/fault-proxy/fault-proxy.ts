import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { WebSocketServer } from 'ws';
import { systemClock } from '../../lib/clock.js';
import { passHttp } from './fault-http.js';
import { passSocket } from './fault-socket.js';
import { FaultSwitches, type FaultCounters } from './fault-switches.js';
import type { NotificationHandler, RpcHandler } from './json-rpc.js';
import { seededRandom } from '../seeded-random.js';

/** A real network between client and chain that can be broken while it runs. The switches act at once, on live sockets. */
export interface FaultProxy {
  /** Give both to the code under test: one port serves HTTP and WebSocket. */
  readonly rpcUrl: string;
  readonly wsUrl: string;
  readonly counters: FaultCounters;
  /** Drops every connection, HTTP and WebSocket, without a closing handshake. New ones are accepted. */
  cut(): void;
  /** Drops every connection and refuses new ones (ECONNREFUSED) for `ms`; resolves when it listens again. */
  refuse(ms: number): Promise<void>;
  /** Connections stay open and new ones are accepted, but nothing passes and no ping is answered, until `heal()`. */
  halfOpen(): void;
  /**
   * The WebSocket connections that are open now stay so, but are dead: nothing passes them and no ping is answered, and
   * `heal()` does not revive them. HTTP and new connections work. Returns what drops them at last.
   */
  freezeSockets(): () => void;
  /** Loses this share (0..1) of the notifications; answers to requests pass. */
  dropMessages(share: number, seed: number): void;
  /** Every message and HTTP call takes `ms` longer, one way. 0 turns it off. */
  delay(ms: number): void;
  /** Every notification arrives another `copies` times. */
  duplicate(copies: number): void;
  /** Answers an HTTP JSON-RPC method; replaces an earlier handler. Returns what takes it away. */
  onRpc(method: string, handler: RpcHandler): () => void;
  /** Decides about notifications; replaces an earlier handler. Returns what takes it away. */
  onNotification(handler: NotificationHandler): () => void;
  /** Everything passes again. What was swallowed stays lost, and dead connections stay dead. */
  heal(): void;
  stop(): Promise<void>;
}

/** Starts a proxy in front of one chain endpoint, on a loopback port of its own. */
export async function startFaultProxy(upstream: { rpcUrl: string; wsUrl: string }): Promise<FaultProxy> {
  const switches = new FaultSwitches();
  const connections = new Set<Socket>();
  // autoPong off: while half-open not even the protocol's own answers may get through.
  const sockets = new WebSocketServer({ noServer: true, autoPong: false });
  const listen = (port: number): Promise<Server> =>
    new Promise((resolve, reject) => {
      const server = createServer((request, response) => {
        passHttp(upstream.rpcUrl, switches, request, response).catch(() => response.destroy());
      });
      // Never the first to close an idle connection: a client just reusing it would see a fault nobody asked for.
      server.keepAliveTimeout = 0;
      server.on('connection', (socket) => {
        connections.add(socket);
        socket.once('close', () => connections.delete(socket));
      });
      server.on('upgrade', (request, socket, head) => {
        sockets.handleUpgrade(request, socket, head, (client) => passSocket(upstream.wsUrl, switches, client));
      });
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => resolve(server));
    });
  const cut = (): void => {
    for (const socket of connections) socket.resetAndDestroy();
  };
  const close = (server: Server): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      cut();
    });

  let server = await listen(0);
  const { port } = server.address() as AddressInfo;
  let stopped = false;
  return {
    rpcUrl: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    counters: switches.counters,
    cut,
    refuse: async (ms) => {
      await close(server);
      await systemClock.sleep(ms);
      if (!stopped) server = await listen(port);
    },
    halfOpen: () => {
      switches.isHalfOpen = true;
    },
    freezeSockets: () => {
      const frozen = [...switches.sockets];
      for (const socket of frozen) socket.isFrozen = true;
      return () => frozen.forEach((socket) => socket.terminate());
    },
    dropMessages: (share, seed) => {
      const random = seededRandom(seed);
      switches.shouldDrop = () => random() < share;
    },
    delay: (ms) => {
      switches.delayMs = ms;
    },
    duplicate: (copies) => {
      switches.copies = copies;
    },
    onRpc: (method, handler) => {
      switches.rpcHandlers.set(method, handler);
      return () => {
        if (switches.rpcHandlers.get(method) === handler) switches.rpcHandlers.delete(method);
      };
    },
    onNotification: (handler) => {
      switches.notificationHandler = handler;
      return () => {
        if (switches.notificationHandler === handler) switches.notificationHandler = undefined;
      };
    },
    heal: () => switches.reset(),
    stop: async () => {
      stopped = true;
      if (server.listening) await close(server);
      sockets.close();
    },
  };
}
