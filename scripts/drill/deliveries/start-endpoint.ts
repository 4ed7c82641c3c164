import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../../src/lib/clock.js';
import type { Told } from './judge-deliveries.js';

/** The endpoint of every subscriber, which refuses and dawdles now and then. */
export interface Endpoint {
  readonly url: string;
  readonly told: readonly Told[];
  stop(): Promise<void>;
}

const REFUSED = 0.02;
const SLOW = 0.05;
const SLOWEST_MS = 800;

/** Starts it. `random`: 0 ≤ n < 1. */
export async function startEndpoint(random: () => number): Promise<Endpoint> {
  const told: Told[] = [];
  /** Once each: after a second refusal nobody comes again for five minutes. */
  const refused = new Set<string>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { eventId } = JSON.parse(Buffer.concat(chunks).toString()) as { eventId: string };
      const place = told.length;
      const pair = `${request.url ?? ''} ${eventId}`;
      const status = random() < REFUSED && !refused.has(pair) ? 503 : 200;
      if (status !== 200) refused.add(pair);
      const one: Told = {
        ...{
          subscriber: (request.url ?? '').slice(1),
          event: eventId,
          messageId: String(request.headers['webhook-id']),
        },
        ...{ atMs: systemClock.now(), answeredAtMs: null, status },
      };
      told.push(one);
      const waitMs = random() < SLOW ? random() * SLOWEST_MS : 0;
      setTimeout(() => {
        // Before it is written: whoever gets it may act on it before this goes on.
        told[place] = { ...one, answeredAtMs: systemClock.now() };
        response.writeHead(status).end();
      }, waitMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
