import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Connection {
  readonly socket: WebSocket;
  /** Methods asked for, in order. */
  readonly asked: string[];
  say(message: unknown): void;
  notifyLogs(signature: string, slot: number, subscription?: number): void;
  notifySlot(slot: number): void;
}

/** A PubSub server under the test's control: numbers subscriptions from 0, slots last. */
export class FaultySocket {
  readonly connections: Connection[] = [];
  /** What to do with a subscribe request; acknowledges by default. */
  onSubscribe: (connection: Connection, id: number, method: string) => void = (connection, id) => {
    connection.say({ jsonrpc: '2.0', id, result: connection.asked.length - 1 });
  };
  #server: WebSocketServer | undefined;

  async start(): Promise<string> {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this.#server = server;
    await new Promise((resolve) => server.once('listening', resolve));
    server.on('connection', (socket) => this.#accept(socket));
    return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  get latest(): Connection | undefined {
    return this.connections.at(-1);
  }

  async stop(): Promise<void> {
    for (const { socket } of this.connections) socket.terminate();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #accept(socket: WebSocket): void {
    const say = (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
    const notify = (method: string, subscription: number, result: unknown) =>
      say({ jsonrpc: '2.0', method, params: { subscription, result } });
    const connection: Connection = {
      socket,
      asked: [],
      say,
      notifyLogs: (signature, slot, subscription = 0) =>
        notify('logsNotification', subscription, { context: { slot }, value: { signature, err: null, logs: [] } }),
      notifySlot: (slot) =>
        notify('slotNotification', connection.asked.indexOf('slotSubscribe'), { slot, parent: slot - 1, root: 0 }),
    };
    this.connections.push(connection);
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer) => {
      const { id, method } = JSON.parse(data.toString()) as { id: number; method: string };
      connection.asked.push(method);
      this.onSubscribe(connection, id, method);
    });
  }
}
