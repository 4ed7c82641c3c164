import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP connection's way to a server that can be cut: for what does not speak JSON-RPC, such as a database. */
export interface TcpProxy {
  readonly port: number;
  /** Drops every connection, and every new one at once, until `mend`. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

/** Starts one in front of a server, on a loopback port of its own. */
export async function startTcpProxy(upstream: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // A connection that breaks is what this is for.
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((client) => {
    keep(client);
    if (isCut) return void client.resetAndDestroy();
    const onward = connect(upstream);
    keep(onward);
    client.pipe(onward).pipe(client);
    client.once('close', () => onward.destroy());
    onward.once('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const dropAll = () => sockets.forEach((socket) => socket.resetAndDestroy());
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      dropAll();
    },
    mend: () => {
      isCut = false;
    },
    stop: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      dropAll();
      return closed;
    },
  };
}
