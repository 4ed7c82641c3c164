import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP path to a chain's WebSocket that can be torn and mended, so that a demo can show a real socket loss. */
export interface Tripwire {
  /** Connect here instead of to the chain. */
  readonly url: string;
  /** Resets every connection, and every new one at once, until `mend()`. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** Puts a tripwire in front of a plain `ws://` URL of this machine or network, on a loopback port of its own. */
export async function startTripwire(wsUrl: string): Promise<Tripwire> {
  const upstream = new URL(wsUrl);
  const open = new Set<Socket>();
  let torn = false;
  const server = createServer((client) => {
    if (torn) {
      client.resetAndDestroy();
      return;
    }
    const chain = connect(Number(upstream.port || 80), upstream.hostname);
    open.add(client);
    client.once('close', () => {
      open.delete(client);
      chain.destroy();
    });
    chain.once('close', () => client.destroy());
    // Either end may be reset; the other one follows by its `close`.
    client.on('error', () => undefined);
    chain.on('error', () => undefined);
    client.pipe(chain).pipe(client);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const url = new URL(upstream);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const resetAll = (): void => {
    for (const client of open) client.resetAndDestroy();
  };
  return {
    url: url.toString(),
    cut: () => {
      torn = true;
      resetAll();
    },
    mend: () => {
      torn = false;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        resetAll();
      }),
  };
}
