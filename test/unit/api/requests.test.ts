import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import express, { Router } from 'express';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { accessLog } from '../../../src/api/access-log.js';
import { answerProblem } from '../../../src/api/answer-problem.js';
import { validated } from '../../../src/api/request-validation.js';
import { addressField, integerField, textField } from '../../../src/domain-kit/command-fields.js';
import { systemClock } from '../../../src/lib/clock.js';
import type { Log } from '../../../src/lib/log.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { eventually } from '../../support/eventually.js';

const body = z.strictObject({
  description: textField('What it is', 0, 200),
  stars: integerField('Stars', 1, 5).optional(),
  recipients: z.array(addressField('One')).optional(),
});

let server: Server;
let url: string;
let logged: { path?: unknown; code?: unknown; level: string }[];

beforeEach(async () => {
  logged = [];
  const note = (level: string) => (fields: object) => void logged.push({ ...fields, level });
  const log = Object.fromEntries(['debug', 'info', 'warn', 'error'].map((level) => [level, note(level)]));
  const metrics = createMetrics();
  const app = express();
  app.use(accessLog(log as unknown as Log, metrics, systemClock));
  app.use('/api', express.json());
  const router = Router();
  router.post('/things', (request, response) => {
    response.json(validated(body, request.body));
  });
  app.use('/api', router);
  app.use(answerProblem(log as unknown as Log, metrics));
  server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => server.close());

async function post(content: string | Buffer, headers: Record<string, string> = {}, query = '') {
  const response = await fetch(`${url}/api/things${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof content === 'string' ? content : new Uint8Array(content),
  });
  return {
    status: response.status,
    body: (await response.json()) as { code?: string; errors: { field: string; message: string }[] },
  };
}

describe('a body that is not what Content-Encoding says', () => {
  const packed = gzipSync('{"description":"x"}');

  it.each([
    ['gzip', '{"description":"x"}'],
    ['deflate', '{"description":"x"}'],
    ['br', '{"description":"x"}'],
    ['gzip', packed.subarray(0, packed.length - 9)],
    ['br', packed],
  ])('%s: 400 and no error of ours', async (encoding, content) => {
    const answer = await post(content, { 'content-encoding': encoding });
    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-json' } });
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it.each([
    ['gzip', packed],
    ['br', brotliCompressSync('{"description":"x"}')],
  ])('%s that is one is read', async (encoding, content) => {
    expect(await post(content, { 'content-encoding': encoding })).toMatchObject({ status: 200 });
  });
});

describe('a wrong field is told from a missing one', () => {
  it.each([
    ['{}', 'description', 'is missing: must be a text'],
    ['{"description":5}', 'description', 'must be a text'],
    ['{"description":null}', 'description', 'must be a text'],
    ['{"description":"","stars":"5"}', 'stars', 'must be a whole number from 1 to 5'],
    ['{"description":"","recipients":[7]}', 'recipients.0', 'must be a base58 address'],
    ['[]', '', 'must be a JSON object'],
  ])('%s', async (content, field, message) => {
    expect((await post(content)).body.errors).toEqual([{ field, message }]);
  });
});

describe('the access log', () => {
  it('has the whole path, without the query', async () => {
    await post('{"description":"x"}', {}, '?key=secret');
    const { path } = await eventually(() => logged.find(({ level }) => level === 'info'));
    expect(path).toBe('/api/things');
  });
});
