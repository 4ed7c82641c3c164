import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { request } from 'undici';
import { ForkLies, type ForkAnswer } from './fork-lies.js';

/** An RPC endpoint that tells of another fork than the chain behind it. */
export interface LyingEndpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** Serves the chain at `upstreamUrl` over HTTP, with `lies`, on a loopback port of its own. */
export async function startLyingEndpoint(upstreamUrl: string, lies: ForkLies): Promise<LyingEndpoint> {
  const ask = async (body: string): Promise<string> => {
    const { body: answer } = await request(upstreamUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return answer.text();
  };
  const forward = async (method: string, params: unknown): Promise<ForkAnswer> =>
    JSON.parse(await ask(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))) as ForkAnswer;
  const answerTo = async (body: string): Promise<string> => {
    const call = JSON.parse(body) as { id: unknown; method?: string; params?: unknown };
    // Anything else is passed on as it is: lamports and the like are larger than a JavaScript number.
    if (!(ForkLies.METHODS as readonly string[]).includes(call.method ?? '')) return ask(body);
    const answer = await lies.answer(call.method ?? '', call.params, forward);
    const said = 'error' in answer ? { error: answer.error } : { result: answer.result };
    return JSON.stringify({ jsonrpc: '2.0', id: call.id, ...said });
  };
  const server = createServer((incoming, response) => {
    readBody(incoming)
      .then(answerTo)
      .then(
        (text) => response.writeHead(200, { 'content-type': 'application/json' }).end(text),
        () => response.destroy(),
      );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
