import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { HistoryNode, NodeAnswer } from './history-node.js';

/** How the endpoint in front of the node behaves. */
export interface HistoryServerOptions {
  /** Requests a second, those of a batch each counted; what comes beyond is refused with 429 and Retry-After. */
  readonly requestsPerSecond?: number;
  /** False: refuses JSON-RPC batches, as Surfnet and some providers do (TRAPS 29). */
  readonly batches?: boolean;
  /** Answers each request so much later, in milliseconds. */
  readonly latencyMs?: number;
}

/** What it was asked. */
export interface HistoryServerStats {
  /** Answered, those of a batch each counted. */
  readonly requests: number;
  readonly byMethod: Readonly<Record<string, number>>;
  /** Refused for the rate limit. */
  readonly limited: number;
  /** HTTP requests. */
  readonly posts: number;
}

/** A running endpoint. */
export interface HistoryServer {
  readonly url: string;
  stats(): HistoryServerStats;
  stop(): Promise<void>;
}

/** One second's budget, filled again little by little. */
class Bucket {
  #tokens: number;
  #filledAt = performance.now();

  constructor(private readonly perSecond: number) {
    this.#tokens = perSecond;
  }

  take(count: number): boolean {
    const now = performance.now();
    this.#tokens = Math.min(this.perSecond, this.#tokens + ((now - this.#filledAt) / 1_000) * this.perSecond);
    this.#filledAt = now;
    if (this.#tokens < count) return false;
    this.#tokens -= count;
    return true;
  }
}

/** Serves a node's history over JSON-RPC on a free port of this machine. */
export async function startHistoryServer(
  node: HistoryNode,
  options: HistoryServerOptions = {},
): Promise<HistoryServer> {
  const { requestsPerSecond, batches = true, latencyMs = 0 } = options;
  const bucket = requestsPerSecond === undefined ? null : new Bucket(requestsPerSecond);
  const byMethod: Record<string, number> = {};
  let [requests, limited, posts] = [0, 0, 0];

  const answerOne = (body: unknown): object => {
    const { id = null, method = '', params = [] } = (body ?? {}) as Partial<JsonRpcRequest>;
    requests += 1;
    byMethod[method] = (byMethod[method] ?? 0) + 1;
    const answer: NodeAnswer = node.answer(method, params);
    return { jsonrpc: '2.0', id, ...answer };
  };
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse(await textOf(request)) as unknown;
    posts += 1;
    const send = (status: number, value: object, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    };
    if (latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, latencyMs));
    if (Array.isArray(body) && !batches) {
      send(400, { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'Batch requests are not supported' } });
      return;
    }
    if (bucket && !bucket.take(Array.isArray(body) ? body.length : 1)) {
      limited += 1;
      const error = { code: 429, message: 'Too many requests' };
      send(429, { jsonrpc: '2.0', id: null, error }, { 'retry-after': '1' });
      return;
    }
    send(200, Array.isArray(body) ? body.map(answerOne) : answerOne(body));
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.writeHead(400).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stats: () => ({ requests, byMethod: { ...byMethod }, limited, posts }),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface JsonRpcRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
