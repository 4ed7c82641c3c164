import { openLogSocket } from '../../../src/chain/log-socket.js';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LogSubscription, type LogSubscriptionOptions } from '../../../src/chain/log-subscription.js';
import { RpcError } from '../../../src/chain/rpc-error.js';
import { PLACEHOLDER_SIGNATURE } from '../../../src/chain/subscription-state.js';
import { systemClock } from '../../../src/lib/clock.js';
import { recordingLog } from '../../unit/chain/recording-log.js';
import { FaultySocket } from './faulty-socket.js';

/** Short enough for a test, in the same order of size as the defaults. */
const TIMING = {
  silenceMs: 400,
  connectTimeoutMs: 500,
  subscribeTimeoutMs: 500,
  pingEveryMs: 200,
  pongTimeoutMs: 300,
  reconnect: { firstMs: 20, maxMs: 200, jitter: 0 },
  stableMs: 60_000,
};
const until = (condition: () => void) => vi.waitFor(condition, { timeout: 40_000, interval: 10 });

let server: FaultySocket;
let url: string;
let seen: string[];
let head: number;
let log: ReturnType<typeof recordingLog>;
let subscription: LogSubscription | undefined;

beforeEach(async () => {
  server = new FaultySocket();
  url = await server.start();
  seen = [];
  head = 0;
  log = recordingLog();
});
afterEach(async () => {
  await subscription?.stop();
  await server.stop();
});

function follow(options: Partial<LogSubscriptionOptions> = {}): LogSubscription {
  subscription = new LogSubscription({
    openSocket: openLogSocket,
    urls: [url],
    programIds: ['P', 'Q'],
    chain: { slot: async () => head },
    callbacks: {
      onNotice: ({ programId, signature }) => seen.push(`${programId}:${signature}`),
      onLive: ({ slot }) => seen.push(`live ${slot}`),
      onDown: ({ reason, atSlot }) => seen.push(`down ${reason} ${atSlot}`),
    },
    clock: systemClock,
    random: () => 0,
    log,
    timing: TIMING,
    ...options,
  });
  subscription.start();
  return subscription;
}

async function goLive(slot: number, connections = 1): Promise<void> {
  await until(() => expect(server.connections[connections - 1]?.asked).toHaveLength(3));
  await until(() => expect(subscription?.status().subscriptionIds).toEqual({ P: '0', Q: '1' }));
  server.latest?.notifySlot(slot);
  await until(() => expect(seen).toContain(`live ${slot}`));
}

describe('LogSubscription', () => {
  it('follows several programs on one socket', async () => {
    const following = follow();
    await goLive(100);
    server.latest?.notifyLogs('a', 101, 0);
    server.latest?.notifyLogs('b', 101, 1);
    await until(() => expect(seen).toEqual(['live 100', 'P:a', 'Q:b']));
    expect(server.latest?.asked).toEqual(['logsSubscribe', 'logsSubscribe', 'slotSubscribe']);
    expect(following.status()).toMatchObject({ connected: true, live: true, lastSlot: 100, url: new URL(url).host });
    expect(following.status().lastMessageAtMs).not.toBeNull();
  });

  it('survives everything it does not understand, and callbacks that throw', async () => {
    const onNotice = vi.fn(() => {
      throw new Error('callback broke');
    });
    const following = follow({
      callbacks: { onNotice, onLive: ({ slot }) => seen.push(`live ${slot}`), onDown: () => {} },
    });
    await goLive(100);
    for (const nonsense of [
      'garbage',
      '[]',
      'null',
      '{}',
      '{"method":"voteNotification","params":{}}',
      '{"id":77,"result":1}',
    ]) {
      server.latest?.say(nonsense);
    }
    server.latest?.socket.send(Buffer.from([0xff, 0x00]));
    server.latest?.notifyLogs('stranger', 101, 77);
    server.latest?.notifyLogs(PLACEHOLDER_SIGNATURE, 101);
    server.latest?.notifyLogs('a', 101);
    server.latest?.notifyLogs('b', 101);
    await until(() => expect(onNotice).toHaveBeenCalledTimes(2));
    expect(following.status()).toMatchObject({
      live: true,
      counts: { ignored: 8, placeholders: 1, callbackErrors: 2 },
    });
    expect(log.lines.join()).toContain('callback broke');
  });

  it('comes back after the server closed, and says up to where it heard', async () => {
    follow();
    await goLive(100);
    server.latest?.notifySlot(105);
    await until(() => expect(subscription?.status().lastSlot).toBe(105));
    server.latest?.socket.close();
    await goLive(120, 2);
    expect(seen).toEqual(['live 100', 'down closed 105', 'live 120']);
  });

  it('treats silence as a fault only when the chain moved on', async () => {
    head = 100;
    follow({ timing: { ...TIMING, pingEveryMs: 60_000 } });
    await goLive(100);
    // Several silences pass while the chain stands still.
    const quietSince = performance.now();
    await until(() => expect(performance.now() - quietSince).toBeGreaterThan(3 * TIMING.silenceMs));
    expect(seen).toEqual(['live 100']);
    head = 110;
    await until(() => expect(seen).toContain('down stale 100'));
    await goLive(111, 2);
  });

  it('does not give up the socket because HTTP fails', async () => {
    const slot = vi.fn(() => Promise.reject(new RpcError('timeout', 'x')));
    follow({ chain: { slot } });
    await goLive(100);
    await until(() => expect(slot.mock.calls.length).toBeGreaterThan(2));
    expect(seen).toEqual(['live 100']);
  });

  it('does not hammer a server that rejects the subscription', async () => {
    server.onSubscribe = (connection, id) =>
      connection.say({ jsonrpc: '2.0', id, error: { code: -32091, message: 'Subscription rejected' } });
    const startedAt = performance.now();
    follow();
    await until(() => expect(seen.length).toBeGreaterThanOrEqual(6));
    expect(new Set(seen)).toEqual(new Set(['down subscribe-rejected null']));
    // 20 + 40 + 80 + 160 + 200 ms of backoff lie between six attempts.
    expect(performance.now() - startedAt).toBeGreaterThan(490);
    expect(subscription?.status().reconnectAttempts).toBeGreaterThanOrEqual(6);
  });

  it('does not wait for ever for an acknowledgement', async () => {
    server.onSubscribe = (connection, id, method) => {
      if (method !== 'slotSubscribe') connection.say({ jsonrpc: '2.0', id, result: id });
    };
    follow();
    await until(() => expect(seen).toContain('down subscribe-timeout null'));
  });

  it('moves on to the next URL, and its log tells hosts only', async () => {
    follow({ urls: ['ws://127.0.0.1:1/very-secret?key=very-secret', 'not a url very-secret', url] });
    await goLive(100);
    expect(seen.slice(0, 2)).toEqual(['down connect-failed null', 'down connect-failed null']);
    expect(log.lines.length).toBe(2);
    expect(log.lines.join()).not.toContain('very-secret');
  });

  it('restarts on request, also from within a callback', async () => {
    let restarted = false;
    let inside = false;
    const following = follow({
      callbacks: {
        onNotice: () => undefined,
        onLive: ({ slot }) => seen.push(`live ${slot}`),
        onDown: ({ reason }) => seen.push(`${inside ? 'nested ' : ''}down ${reason}`),
        onSlot: () => {
          inside = true;
          if (!restarted) following.restart('the sweep found what the socket missed');
          restarted = true;
          inside = false;
        },
      },
    });
    await goLive(100);
    await goLive(101, 2);
    expect(seen).toEqual(['live 100', 'down restart', 'live 101']);
    expect(log.lines.join()).toContain('the sweep found');
  });

  it('calls nobody after it was stopped, and leaves no socket behind', async () => {
    const following = follow();
    await goLive(100);
    await following.stop();
    await until(() => expect(server.latest?.socket.readyState).toBe(3));
    expect(seen).toEqual(['live 100']);
    expect(following.status().connected).toBe(false);
  });
});

/** A TCP relay that can stop relaying without closing: what a dropped NAT entry or a dead host looks like. */
class HalfOpenRelay {
  readonly #clients = new Set<Socket>();
  /** Only connections made before the freeze are dead: a new one finds a way. */
  #dead = new Set<Socket>();
  readonly #server: Server;

  constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const upstream = connect(targetPort, '127.0.0.1');
      this.#clients.add(client);
      client.on('data', (data) => this.#dead.has(client) || upstream.write(data));
      upstream.on('data', (data) => this.#dead.has(client) || client.write(data));
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      client.on('close', () => upstream.destroy());
    });
  }

  freeze(): void {
    this.#dead = new Set(this.#clients);
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#clients) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('a half-open socket', () => {
  it('is noticed by the chain moving on', async () => {
    const relay = new HalfOpenRelay(Number(new URL(url).port));
    const through = await relay.start();
    follow({ urls: [through], timing: { ...TIMING, pingEveryMs: 60_000 } });
    await goLive(100);
    relay.freeze();
    head = 150;
    for (let slot = 101; slot <= 150; slot++) server.connections[0]?.notifySlot(slot);
    await until(() => expect(seen).toContain('down stale 100'));
    await goLive(151, 2);
    await relay.stop();
  });

  it('is noticed by the missing pong when HTTP is gone as well', async () => {
    const relay = new HalfOpenRelay(Number(new URL(url).port));
    const through = await relay.start();
    follow({ urls: [through], chain: { slot: () => Promise.reject(new RpcError('unreachable', 'x')) } });
    await goLive(100);
    relay.freeze();
    await until(() => expect(seen).toContain('down no-pong 100'));
    await goLive(101, 2);
    await relay.stop();
  });

  it('never connected, is given up', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume());
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const { port } = mute.address() as AddressInfo;
    follow({ urls: [`ws://127.0.0.1:${port}`, url] });
    await until(() => expect(seen).toContain('down connect-timeout null'));
    await goLive(100);
    await new Promise((resolve) => mute.close(resolve));
  });
});
