import { Connection, Keypair, LAMPORTS_PER_SOL, SystemProgram, type Logs } from '@solana/web3.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { DevChain } from '../../../src/dev/dev-chain.js';
import { startChain } from '../../../src/dev/embedded-chain.js';
import { startFaultProxy, type FaultProxy } from '../../../src/dev/fault-proxy/fault-proxy.js';
import { eventually } from '../../support/eventually.js';

describe('the fault proxy', () => {
  let chain: DevChain;
  let proxy: FaultProxy;
  let connection: Connection;
  let sockets: WebSocket[];

  beforeAll(async () => {
    chain = await startChain({ slotTimeMs: 50 });
  });
  afterAll(() => chain.stop());
  beforeEach(async () => {
    proxy = await startFaultProxy({ rpcUrl: chain.rpcUrls[0] as string, wsUrl: chain.wsUrls[0] as string });
    connection = new Connection(proxy.rpcUrl, {
      commitment: 'confirmed',
      wsEndpoint: proxy.wsUrl,
      disableRetryOnRateLimit: true,
    });
    sockets = [];
  });
  afterEach(async () => {
    for (const socket of sockets) socket.terminate();
    await proxy.stop();
  });

  /** A socket with a slot subscription; `slots` grows with each notification. */
  async function watchSlots(): Promise<{ socket: WebSocket; slots: number[] }> {
    const socket = new WebSocket(proxy.wsUrl);
    socket.on('error', () => {});
    sockets.push(socket);
    const slots: number[] = [];
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString()) as { params?: { result: { slot: number } } };
      if (message.params) slots.push(message.params.result.slot);
    });
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'slotSubscribe' }));
    await eventually(() => slots.length >= 2);
    return { socket, slots };
  }

  it('passes everything when nothing is switched on', async () => {
    const { publicKey } = Keypair.generate();
    const logs: Logs[] = [];
    const subscription = connection.onLogs(SystemProgram.programId, (entry) => logs.push(entry), 'confirmed');
    // Until an airdrop is announced that was asked for after web3.js had subscribed: then none is on its way any more.
    await eventually(async () => {
      const asked = await connection.requestAirdrop(publicKey, LAMPORTS_PER_SOL);
      return eventually(() => logs.some(({ signature }) => signature === asked), { timeoutMs: 1_000 });
    });
    await connection.removeOnLogsListener(subscription);
    // web3.js closes a socket without subscriptions after half a second; left open, it would haunt the next test.
    await eventually(() => proxy.counters.connectionsOpen === 0);
    expect(await connection.getBalance(publicKey)).toBeGreaterThan(0);
    expect(proxy.counters.httpCalls.get('getBalance')).toBe(1);
    expect(proxy.counters.socketCalls.get('logsSubscribe')).toBe(1);
    expect(proxy.counters.notifications.get('logsNotification')).toBe(logs.length);
  });

  it('cut drops live sockets, and lets new ones in', async () => {
    const { socket } = await watchSlots();
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    proxy.cut();
    expect(await closed).toBe(1006);
    await watchSlots();
    expect(proxy.counters.connectionsOpened).toBe(2);
    await eventually(() => proxy.counters.connectionsOpen === 1);
  });

  it('refuse answers no connection for its time, then does again', async () => {
    const refused = proxy.refuse(400);
    await eventually(() => isRefused(proxy.rpcUrl), { everyMs: 5 });
    await refused;
    expect(await connection.getSlot()).toBeGreaterThan(0);
  });

  it('halfOpen keeps the socket and passes nothing, not even a pong', async () => {
    const { socket, slots } = await watchSlots();
    proxy.halfOpen();
    const seen = slots.length;
    let pongs = 0;
    socket.on('pong', () => pongs++);
    socket.ping();
    const hanging = fetch(proxy.rpcUrl, { method: 'POST', body: '{}', signal: AbortSignal.timeout(500) });
    await expect(hanging).rejects.toThrow(/timeout/i);
    expect(slots.length).toBe(seen);
    expect(pongs).toBe(0);
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(proxy.counters.swallowed).toBeGreaterThan(2);
    proxy.heal();
    socket.ping();
    await eventually(() => pongs === 1 && slots.length > seen);
  });

  it('freezeSockets leaves the open ones dead for good, while HTTP and new sockets work', async () => {
    const { socket, slots } = await watchSlots();
    const reset = proxy.freezeSockets();
    const seen = slots.length;
    let pongs = 0;
    socket.on('pong', () => pongs++);
    socket.ping();
    expect(await connection.getSlot()).toBeGreaterThan(0);
    const next = await watchSlots();
    await eventually(() => next.slots.length > 5);
    proxy.heal();
    await eventually(() => next.slots.length > 10);
    expect([slots.length, pongs, socket.readyState]).toEqual([seen, 0, WebSocket.OPEN]);
    const closed = new Promise<number>((resolve) => socket.once('close', resolve));
    reset();
    expect(await closed).toBe(1006);
    expect(next.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('dropMessages loses its share of notifications, duplicate multiplies the others', async () => {
    const { slots } = await watchSlots();
    proxy.dropMessages(0.5, 7);
    const before = proxy.counters.notifications.get('slotNotification') ?? 0;
    await eventually(() => (proxy.counters.notifications.get('slotNotification') ?? 0) >= before + 40);
    expect(proxy.counters.notificationsDropped).toBeGreaterThan(8);
    expect(proxy.counters.notificationsDropped).toBeLessThan(32);
    proxy.heal();
    proxy.duplicate(2);
    await eventually(() => slots.filter((slot) => slot === slots.at(-1)).length === 3);
  });

  it('delay makes messages late, not few', async () => {
    const { slots } = await watchSlots();
    proxy.delay(300);
    const startedAt = performance.now();
    await connection.getSlot();
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(290);
    const seen = slots.length;
    await eventually(() => slots.length > seen + 10, { timeoutMs: 3_000 });
  });

  it('onRpc answers in the place of the chain, or bends what it said', async () => {
    const takeAway = proxy.onRpc('getSlot', async (_request, forward) => {
      const answer = await forward();
      return 'result' in answer ? { result: (answer.result as number) - 1_000_000 } : answer;
    });
    expect(await connection.getSlot()).toBeLessThan(0);
    takeAway();
    expect(await connection.getSlot()).toBeGreaterThan(0);

    proxy.onRpc('getSlot', () => ({ error: { code: -32005, message: 'Node is behind' } }));
    await expect(connection.getSlot()).rejects.toThrow('Node is behind');

    proxy.onRpc('getBlockHeight', () => ({ status: 429, headers: { 'retry-after': '7' } }));
    const limited = await fetch(proxy.rpcUrl, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'getBlockHeight' }),
    });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  });

  it('onNotification forges what the chain never said', async () => {
    const { slots } = await watchSlots();
    const takeAway = proxy.onNotification((notification, send) => {
      send(notification);
      send({ ...notification, params: { ...notification.params, result: { slot: -1 } } });
    });
    await eventually(() => slots.includes(-1));
    takeAway();
    const seen = slots.length;
    await eventually(() => slots.length > seen + 4);
    expect(slots.at(-1)).not.toBe(-1);
  });
});

async function isRefused(url: string): Promise<boolean> {
  try {
    await fetch(url);
    return false;
  } catch (error) {
    return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
  }
}
