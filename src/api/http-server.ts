import { createServer, type RequestListener, type Server } from 'node:http';
import { Server as TcpServer, type AddressInfo } from 'node:net';
import { MooringError } from '../lib/errors.js';

/** A server that listens. */
export interface HttpServer {
  readonly server: Server;
  readonly port: number;
  /** For people: loopback where it listens on every address. */
  readonly url: string;
  /**
   * Takes no new connections, lets requests under way finish, and after `graceMs` ends what is left. Where a successor
   * `takesOver` the port meanwhile, no request is lost: an idle connection is not cut, in whose other end a request may
   * be on its way, but answers one more and then closes, or ends when it would have anyway (Node: after 5 s).
   */
  close(graceMs: number, options?: { readonly takesOver: boolean }): Promise<void>;
}

/** Listens. Throws MooringError `port-in-use` or `listen-failed`. */
export async function listen(app: RequestListener, options: { host: string; port: number }): Promise<HttpServer> {
  let closing = false;
  let cutting = false;
  const server = createServer((request, response) => {
    // A kept-alive connection would hold up the end until it times out.
    response.once('close', () => cutting && setImmediate(() => server.closeIdleConnections()));
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
    close: (graceMs, { takesOver } = { takesOver: false }) =>
      new Promise((resolve) => {
        closing = true;
        cutting = !takesOver;
        const impatience = setTimeout(() => server.closeAllConnections(), graceMs);
        const closed = (): void => {
          clearTimeout(impatience);
          resolve();
        };
        // An HTTP server's own close cuts idle connections first.
        if (takesOver) TcpServer.prototype.close.call(server, closed);
        else server.close(closed);
      }),
  };
}

function listenError(error: NodeJS.ErrnoException, { host, port }: { host: string; port: number }): MooringError {
  return error.code === 'EADDRINUSE'
    ? new MooringError('port-in-use', `Port ${port} of ${host} is taken. Set PORT to another one, or to 0 for any.`)
    : new MooringError('listen-failed', `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error });
}
