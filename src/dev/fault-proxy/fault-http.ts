import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { systemClock } from '../../lib/clock.js';
import { count, type FaultSwitches } from './fault-switches.js';
import type { HttpAnswer, RpcAnswer, RpcRequest } from './json-rpc.js';

/** Passes one HTTP request on to the chain, through the switches. Never answers while half-open. */
export async function passHttp(
  upstreamUrl: string,
  switches: FaultSwitches,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const arrivedAt = systemClock.monotonic();
  const body = await readBody(request);
  const answer = (await switches.mayPass(arrivedAt)) ? await answerTo(upstreamUrl, switches, body) : undefined;
  // Looked at again: the link may have died while the chain was thinking.
  if (answer === undefined || switches.isHalfOpen) return;
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
  response.end(answer.body ?? '');
}

async function answerTo(upstreamUrl: string, switches: FaultSwitches, body: string): Promise<HttpAnswer> {
  const parsed = parse(body);
  for (const call of Array.isArray(parsed) ? parsed : [parsed]) count(switches.counters.httpCalls, methodOf(call));
  // A batch goes through as it is: chains that refuse batches must be seen to refuse them.
  const handler = Array.isArray(parsed) ? undefined : switches.rpcHandlers.get(methodOf(parsed));
  if (handler === undefined) return forwardBody(upstreamUrl, body);
  const call = parsed as RpcRequest;
  const made = await handler(call, async (altered = call) => {
    const { body: text } = await forwardBody(upstreamUrl, JSON.stringify(altered));
    const answer = JSON.parse(text ?? '') as Record<string, unknown>;
    return ('error' in answer ? { error: answer['error'] } : { result: answer['result'] }) as RpcAnswer;
  });
  if ('status' in made) return made;
  return { status: 200, body: JSON.stringify({ jsonrpc: '2.0', id: call.id, ...made }) };
}

/** On a connection of its own each time: one kept alive can be closed by the chain at the wrong moment, a fault not asked for. */
function forwardBody(upstreamUrl: string, body: string): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const request = httpRequest(upstreamUrl, { method: 'POST', agent: false, headers }, (answer) => {
      readBody(answer).then((text) => resolve({ status: answer.statusCode ?? 502, body: text }), reject);
    });
    request.once('error', reject);
    request.end(body);
  });
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function methodOf(call: unknown): string {
  const method = (call as { method?: unknown } | undefined)?.method;
  return typeof method === 'string' ? method : 'not JSON-RPC';
}
