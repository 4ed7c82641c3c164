import { createServer } from 'node:net';
import { MooringError } from '../lib/errors.js';

/**
 * Below Linux's ephemeral range (32768 and up) and macOS's (49152 and up), so that no outgoing connection of a
 * neighbour takes a port between our look and the server's bind.
 */
const LOWEST_PORT = 21_000;
const HIGHEST_PORT = 32_000;
const ATTEMPTS = 50;

/**
 * The first of `count` consecutive loopback TCP ports that are free now. Random, so that processes starting at the same
 * moment rarely meet; somebody can still take one before the caller binds it, so callers retry with another.
 * Throws MooringError `no-free-port`.
 */
export async function findFreePorts(count = 1): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const first = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT - count));
    if (await allFree(first, count)) return first;
  }
  throw new MooringError('no-free-port', `Found no ${count} free ports between ${LOWEST_PORT} and ${HIGHEST_PORT}.`);
}

async function allFree(first: number, count: number): Promise<boolean> {
  for (let port = first; port < first + count; port++) {
    if (!(await isPortFree(port))) return false;
  }
  return true;
}

/** Whether nobody listens on this loopback TCP port now. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
