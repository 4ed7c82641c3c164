import { Webhook } from 'standardwebhooks';
import { expect, it } from 'vitest';
import { webhookHeaders } from '../../../../src/delivery/webhooks/sign-webhook.js';
// @ts-expect-error -- an example for receivers, in plain JavaScript
import { verifyWebhook } from '../../../../docs/examples/verify-webhook.mjs';

type Verify = (secret: string, headers: Readonly<Record<string, string>>, body: string, nowMs?: number) => unknown;

const verify = verifyWebhook as Verify;
const secretOf = (byte: number) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`;
const body = '{"type":"a","data":{}}';

it('TRAPS 27: signs as the real package does', () => {
  const at = new Date('2026-01-01T00:00:00.999Z');
  const headers = webhookHeaders({ id: 'evt_1', at, body }, [secretOf(1), secretOf(2)]);
  const signed = [secretOf(1), secretOf(2)].map((secret) => new Webhook(secret).sign('evt_1', at, body));
  expect(headers).toEqual({
    ...{ 'webhook-id': 'evt_1', 'webhook-timestamp': '1767225600', 'webhook-signature': signed.join(' ') },
  });
});

it('refuses a secret that is none', () => {
  expect(() => webhookHeaders({ id: 'a', at: new Date(), body }, ['whsec_short'])).toThrow('rotate it');
  expect(() => webhookHeaders({ id: 'a', at: new Date(), body }, [])).toThrow('no secret');
});

it('docs/examples/verify-webhook.mjs takes what is genuine, and nothing else', () => {
  const at = new Date();
  const headers = webhookHeaders({ id: 'evt_1', at, body }, [secretOf(1), secretOf(2)]);
  for (const byte of [1, 2]) expect(verify(secretOf(byte), headers, body)).toEqual(JSON.parse(body));
  expect(() => verify(secretOf(3), headers, body)).toThrow('nobody who knows');
  expect(() => verify(secretOf(1), headers, body.replace('a', 'b'))).toThrow('nobody who knows');
  expect(() => verify(secretOf(1), { ...headers, 'webhook-id': 'evt_2' }, body)).toThrow('nobody who knows');
  expect(() => verify(secretOf(1), headers, body, at.getTime() + 301_000)).toThrow('too old');
  expect(() => verify(secretOf(1), {}, body)).toThrow('missing');
});
