import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What somebody was told. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: { readonly id: string; readonly type: string; readonly data: unknown } & Record<string, unknown>;
  readonly atMs: number;
}

/** How it answers: a status, with headers, after a while; null: never. */
export type Answer = {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly afterMs?: number;
} | null;

/** An endpoint of somebody else, over real HTTP. */
export interface Receiver {
  readonly url: string;
  readonly received: Received[];
  /** Requests that have no answer yet, and the most there ever were at once, by path. */
  readonly open: () => number;
  readonly most: (path: string) => number;
  /** From now on; 200 at once until then. */
  answer(answer: (received: Received) => Answer): void;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const open = new Map<string, number>();
  const most = new Map<string, number>();
  let answerOf: (one: Received) => Answer = () => ({ status: 200 });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    const path = request.url ?? '';
    open.set(path, (open.get(path) ?? 0) + 1);
    most.set(path, Math.max(most.get(path) ?? 0, open.get(path) ?? 0));
    response.on('close', () => open.set(path, (open.get(path) ?? 0) - 1));
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Received['body'];
      const one = { path, headers: request.headers, body, atMs: Date.now() };
      received.push(one);
      const answer = answerOf(one);
      if (!answer) return;
      setTimeout(() => response.writeHead(answer.status, answer.headers).end('{"seen":true}'), answer.afterMs ?? 0);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    open: () => [...open.values()].reduce((sum, count) => sum + count, 0),
    most: (path) => most.get(path) ?? 0,
    answer: (next) => (answerOf = next),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
