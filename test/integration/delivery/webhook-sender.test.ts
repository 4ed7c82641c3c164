import { randomBytes } from 'node:crypto';
import { once, setMaxListeners } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { connect, type AddressInfo, type LookupFunction } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newWebhookSecret } from '../../../src/delivery/webhooks/webhook-secret.js';
import { WebhookSender, wordsOf, type WebhookRequest } from '../../../src/delivery/webhooks/webhook-sender.js';
import { eventually } from '../../support/eventually.js';

const BODY = JSON.stringify({ type: 'coupons.CouponSold', data: { price: '18446744073709551615', name: 'Größe ☕' } });
const NEVER = new AbortController().signal;

interface Received {
  readonly headers: Record<string, string>;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let received: Received[];
let sender: WebhookSender;
const secrets = [newWebhookSecret(randomBytes), newWebhookSecret(randomBytes)];

beforeEach(async () => {
  received = [];
  answer = (_, response) => response.end('thank you');
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '' } = request;
      const headers = request.headers as Record<string, string>;
      received.push({ headers, method, path, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  sender = new WebhookSender({ version: '1.2.3', allowPrivate: true, now: Date.now });
});
afterEach(async () => {
  await sender.close();
  server.closeAllConnections();
  server.close();
});

const send = (more: Partial<WebhookRequest> = {}, stop = NEVER) =>
  sender.send({ url, secrets, messageId: 'evt_1', body: BODY, timeoutMs: 10_000, ...more }, stop);

it('TRAPS 27: the real standardwebhooks package verifies it with either secret while they rotate (002-5)', async () => {
  expect(await send()).toMatchObject({ kind: 'answered', status: 200, body: 'thank you', retryAfterMs: null });
  const [{ headers, method, path, body } = {} as Received] = received;
  expect([method, path, body]).toEqual(['POST', '/hook', BODY]);
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'user-agent': 'mooring/1.2.3' });
  expect(headers['webhook-id']).toBe('evt_1');
  for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(BODY));
  expect(() => new Webhook(newWebhookSecret(randomBytes)).verify(body, headers)).toThrow('No matching signature');
  expect(() => new Webhook(secrets[0] as string).verify(body.replace('☕', '☂'), headers)).toThrow();
});

it('a redirect is an answer, and is not followed', async () => {
  answer = (_, response) => response.writeHead(302, { location: '/elsewhere' }).end();
  expect(await send()).toMatchObject({ kind: 'answered', status: 302 });
  expect(received.map(({ path }) => path)).toEqual(['/hook']);
});

it('tells how long it is to wait', async () => {
  answer = (_, response) => response.writeHead(429, { 'retry-after': '7' }).end('slowly');
  expect(await send()).toMatchObject({ status: 429, retryAfterMs: 7_000, body: 'slowly' });
});

it('keeps the first 4 KiB of an answer that never ends, cut between characters', async () => {
  answer = (_, response) => {
    response.writeHead(200).write('x');
    const more = (): void => {
      while (!response.destroyed && response.write('☕'.repeat(1_000)));
    };
    response.on('drain', more);
    more();
  };
  const outcome = await send();
  expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
  const { body } = outcome as { body: string };
  expect(body).toBe(`x${'☕'.repeat(1_365)}`);
});

it('a receiver that hangs, before or within its answer, is given up in time', async () => {
  answer = () => undefined;
  expect(await send({ timeoutMs: 100 })).toMatchObject({ kind: 'no-answer', error: 'no whole answer within 100 ms' });
  answer = (_, response) => void response.writeHead(200).write('a');
  expect(await send({ timeoutMs: 100 })).toMatchObject({ kind: 'no-answer', error: 'no whole answer within 100 ms' });
});

it('002-3: however many requests hang, one to another path of the same origin does not wait for them', async () => {
  answer = ({ url: path }, response) => void (path === '/hook' || response.end());
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  const hanging = Array.from({ length: 200 }, () => send({ timeoutMs: 60_000 }, stop.signal));
  await eventually(() => received.length === hanging.length);
  expect(await send({ url: url.replace('/hook', '/other'), timeoutMs: 2_000 })).toMatchObject({ status: 200 });
  stop.abort();
  await Promise.all(hanging);
});

it('a receiver that resets, refuses, or speaks no TLS gives no answer', async () => {
  answer = (request) => request.socket.destroy();
  expect(await send()).toMatchObject({ kind: 'no-answer' });
  const nobody = createServer().listen(0, '127.0.0.1');
  await once(nobody, 'listening');
  const { port } = nobody.address() as AddressInfo;
  await new Promise((resolve) => nobody.close(resolve));
  expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ kind: 'no-answer', error: /ECONNREFUSED/ });
  const broken = createTlsServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(broken, 'listening');
  const { port: tlsPort } = broken.address() as AddressInfo;
  expect(await send({ url: `https://127.0.0.1:${tlsPort}/` })).toMatchObject({ kind: 'no-answer' });
  broken.close();
});

it('says what each address of a name answered where all of them refuse', async () => {
  const lookup: LookupFunction = (_, __, callback) =>
    callback(null, [
      { address: '127.0.0.1', family: 4 },
      { address: '::1', family: 6 },
    ]);
  const socket = connect({ host: 'two.example', port: 1, lookup, autoSelectFamily: true });
  const [error] = (await once(socket, 'error').catch((thrown: unknown) => [thrown])) as [unknown];
  expect(wordsOf(error)).toMatch(/127\.0\.0\.1:1; .*::1:1|::1:1; .*127\.0\.0\.1:1/);
});

it('says nothing of an endpoint where the process stops meanwhile', async () => {
  const stop = new AbortController();
  answer = () => stop.abort();
  expect(await send({}, stop.signal)).toEqual({ kind: 'stopped' });
});

it('TRAPS 28: looks at the address it connects to, not at one it asked for before', async () => {
  const { port } = server.address() as AddressInfo;
  const asked: string[] = [];
  const guarded = new WebhookSender({
    ...{ version: '1', allowPrivate: false, now: Date.now },
    resolve: (hostname, _, callback) => {
      asked.push(hostname);
      callback(null, [{ address: '127.0.0.1', family: 4 }]);
    },
  });
  const request = { secrets, messageId: 'evt_1', body: BODY, timeoutMs: 5_000 };
  expect(await guarded.send({ ...request, url: `https://rebound.example:${port}/` }, NEVER)).toEqual({
    kind: 'forbidden',
    error:
      'rebound.example leads where no webhook may go: 127.0.0.1 is a private, local or special address ' +
      '(for development: WEBHOOKS_ALLOW_PRIVATE=true)',
  });
  expect(asked).toEqual(['rebound.example']);
  for (const literal of [`https://127.0.0.1:${port}/`, `https://[::1]:${port}/`, `https://2130706433:${port}/`, url]) {
    expect(await guarded.send({ ...request, url: literal }, NEVER)).toMatchObject({ kind: 'forbidden' });
  }
  expect(received).toEqual([]);
  await guarded.close();
});

it('TRAPS 28: one forbidden address among those of a name refuses all; a name that has none gives no answer', async () => {
  const answers = {
    'mixed.example': [
      { address: '93.184.216.34', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ],
  };
  const guarded = new WebhookSender({
    ...{ version: '1', allowPrivate: false, now: Date.now },
    resolve: (hostname, _, callback) => callback(null, answers[hostname as keyof typeof answers] ?? []),
  });
  const request = { secrets, messageId: 'evt_1', body: BODY, timeoutMs: 5_000 };
  const outcome = await guarded.send({ ...request, url: 'https://mixed.example/' }, NEVER);
  expect(outcome).toMatchObject({ kind: 'forbidden', error: expect.stringContaining('10.0.0.1') as string });
  const nobody = await guarded.send({ ...request, url: 'https://nobody.example/' }, NEVER);
  expect(nobody).toMatchObject({ kind: 'no-answer', error: 'nobody.example has no address' });
  await guarded.close();
});
