import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request as httpRequest } from 'undici';

/** One HTTP request that passed, times by `performance.now()`. */
export interface RecordedCall {
  readonly method: string;
  readonly body: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** Stands between a command and its chain and writes down what was asked and how long the answer took. */
export interface RpcRecorder {
  readonly url: string;
  /** Answers so much later from now on, in milliseconds: what lies between a process and an endpoint in the network. */
  delay(ms: number): void;
  /** What passed since it was last asked. */
  take(): readonly RecordedCall[];
  stop(): Promise<void>;
}

/** Starts it on a free port of this machine. */
export async function startRpcRecorder(upstream: string): Promise<RpcRecorder> {
  const agent = new Agent();
  let calls: RecordedCall[] = [];
  let delayMs = 0;
  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const startedMs = performance.now();
    const body = await textOf(incoming);
    const answer = await httpRequest(upstream, {
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body, dispatcher: agent },
    });
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    outgoing.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(bytes, () => {
      calls.push({ method: methodOf(body), body, startedMs, endedMs: performance.now() });
    });
  };
  const server = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    delay: (ms) => (delayMs = ms),
    take: () => {
      const taken = calls;
      calls = [];
      return taken;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await agent.destroy();
    },
  };
}

/** Seconds during which at least one of these calls was under way. */
export function secondsUnderWay(calls: readonly RecordedCall[]): number {
  let [totalMs, coveredMs] = [0, 0];
  for (const { startedMs, endedMs } of [...calls].sort((one, other) => one.startedMs - other.startedMs)) {
    totalMs += Math.max(0, endedMs - Math.max(startedMs, coveredMs));
    coveredMs = Math.max(coveredMs, endedMs);
  }
  return totalMs / 1_000;
}

/** Makes the same calls once more, one after another, and does nothing with the answers but read them as JSON. */
export async function callPlainly(url: string, calls: readonly RecordedCall[]): Promise<void> {
  for (const { body } of calls) {
    const answer = await httpRequest(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await answer.body.json();
  }
}

function methodOf(body: string): string {
  return (JSON.parse(body) as { method?: string }).method ?? 'batch';
}

async function textOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
