import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { listen, type HttpServer } from '../../../src/api/http-server.js';
import { eventually } from '../../support/eventually.js';

const GRACE_MS = 10_000;
const REQUEST = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n';

let server: HttpServer;
let socket: Socket;
afterEach(async () => {
  socket.destroy();
  await server.close(0);
});

/** A connection that was used once and is kept alive, and what came over it so far. */
async function keptConnection(): Promise<{ answers: () => string; ended: Promise<void> }> {
  server = await listen((_request, response) => response.end('hello'), { host: '127.0.0.1', port: 0 });
  let answers = '';
  socket = connect(server.port, '127.0.0.1');
  socket.setEncoding('utf8').on('data', (chunk: string) => (answers += chunk));
  const ended = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(REQUEST);
  await eventually(() => answers.includes('hello'));
  return { answers: () => answers, ended };
}

it('cuts idle connections when it closes, so that nothing holds up the end', async () => {
  const { ended } = await keptConnection();
  await server.close(GRACE_MS);
  await ended;
});

it('answers one more request of each connection where a successor takes the port over', async () => {
  const { answers, ended } = await keptConnection();
  const closed = server.close(GRACE_MS, { takesOver: true });
  expect(socket.closed).toBe(false);
  socket.write(REQUEST);
  await ended;
  await closed;
  expect(answers().match(/hello/g)).toHaveLength(2);
  expect(answers()).toContain('Connection: close');
});

it('ends what is left after its grace', async () => {
  const { ended } = await keptConnection();
  await server.close(1, { takesOver: true });
  await ended;
});
