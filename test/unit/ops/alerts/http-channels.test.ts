import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { findFreePorts } from '../../../../src/dev/free-port.js';
import type { AlertMessage } from '../../../../src/ops/alerts/channel.js';
import { slackChannel, webhookChannel } from '../../../../src/ops/alerts/http-channels.js';

const message: AlertMessage = {
  ...{ id: 'lag/coupons', kind: 'lag', program: 'coupons', message: 'behind', details: {} },
  state: 'firing',
  ...{ messageId: 'm', since: new Date(0), isReminder: false },
};
const never = new AbortController().signal;

it('sends user and password of its URL as Basic authorization, and nothing where there are none (001-4)', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    request.resume().on('end', () => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  for (const channel of [webhookChannel(`http://ann:p%40ss%zz@${host}/hook`), slackChannel(`http://${host}/slack`)]) {
    await channel.tell(message, never);
  }
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const basic = `Basic ${Buffer.from('ann:p@ss%zz').toString('base64')}`;
  expect(seen.map(({ authorization }) => authorization)).toEqual([basic, undefined]);
});

it('names neither of them where it cannot tell', async () => {
  const url = `http://ann:hunter2@127.0.0.1:${await findFreePorts()}/`;
  const failure = await webhookChannel(url)
    .tell(message, never)
    .catch((error: unknown) => String(error));
  expect(failure).toContain('ECONNREFUSED');
  expect(failure).not.toMatch(/hunter2|ann/);
});
