import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MooringError } from '../lib/errors.js';

/** A server that listens. */
export interface HttpServer {
  readonly server: Server;
  readonly port: number;
  /** For people: loopback where it listens on every address. */
  readonly url: string;
  /** Takes no new connections, lets requests under way finish, and after `graceMs` ends what is left. */
  close(graceMs: number): Promise<void>;
}

/** Listens. Throws MooringError `port-in-use` or `listen-failed`. */
export async function listen(app: RequestListener, options: { host: string; port: number }): Promise<HttpServer> {
  let closing = false;
  const server = createServer((request, response) => {
    // A kept-alive connection would hold up the end until it times out.
    response.once('close', () => closing && setImmediate(() => server.closeIdleConnections()));
    if (closing) response.setHeader('Connection', 'close');
    app(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, options)));
    server.listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const everywhere = options.host === '0.0.0.0' || options.host === '::';
  const shown = everywhere ? '127.0.0.1' : options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    server,
    port,
    url: `http://${shown}:${port}`,
    close: (graceMs) =>
      new Promise((resolve) => {
        closing = true;
        const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close(() => {
          clearTimeout(impatience);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): MooringError {
  return error.code === 'EADDRINUSE'
    ? new MooringError('port-in-use', `Port ${port} of ${host} is taken. Set PORT to another one, or to 0 for any.`)
    : new MooringError('listen-failed', `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
}
