import { expect, it } from 'vitest';
import { judgeOutcome } from '../../../../src/delivery/webhooks/judge-outcome.js';
import { parseRetryAfter } from '../../../../src/delivery/webhooks/retry-after.js';
import { newWebhookSecret, webhookKey } from '../../../../src/delivery/webhooks/webhook-secret.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const answered = (status: number, retryAfterMs: number | null = null) =>
  ({ kind: 'answered', status, body: '', durationMs: 1, retryAfterMs }) as const;
const noJitter = () => 0;

it.each([200, 201, 204, 299])('TRAPS 27: %i is a success', (status) => {
  expect(judgeOutcome(answered(status), 1, noJitter)).toEqual({ kind: 'delivered' });
});

it.each([301, 302, 307, 308, 400, 401, 404, 500, 503])('TRAPS 27: %i is tried again on the schedule', (status) => {
  expect(judgeOutcome(answered(status), 1, noJitter)).toMatchObject({ kind: 'again', afterMs: 5_000, slowDown: false });
});

it('follows the schedule of 5 s, 5 min, 30 min, 2, 5, 10, 14, 20 and 24 h, then fails', () => {
  const pauses = Array.from({ length: 9 }, (_, index) => judgeOutcome(answered(500), index + 1, noJitter));
  expect(pauses.map((verdict) => (verdict.kind === 'again' ? verdict.afterMs : null))).toEqual([
    ...[5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, DAY],
  ]);
  const last = { kind: 'failed', reason: 'exhausted', error: 'it answered 500' };
  expect(judgeOutcome(answered(500), 10, noJitter)).toEqual(last);
  const shortest = judgeOutcome(answered(500), 1, () => 0.999_999);
  expect(shortest).toMatchObject({ afterMs: 4_000 });
});

it('TRAPS 27: 410 ends it at once', () => {
  expect(judgeOutcome(answered(410), 1, noJitter)).toMatchObject({ kind: 'failed', reason: 'gone' });
});

it.each([429, 502, 504])('TRAPS 27: %i slows down', (status) => {
  expect(judgeOutcome(answered(status), 1, noJitter)).toMatchObject({ slowDown: true, afterMs: 5_000 });
});

it('never comes back before Retry-After', () => {
  expect(judgeOutcome(answered(429, 60_000), 1, () => 0.9)).toMatchObject({ afterMs: 60_000 });
  expect(judgeOutcome(answered(503, 60_000), 1, noJitter)).toMatchObject({ afterMs: 60_000, slowDown: true });
  expect(judgeOutcome(answered(429, 1_000), 2, noJitter)).toMatchObject({ afterMs: 5 * MINUTE });
});

it('tries again what got no answer, and what leads where no webhook may go: a name can be mended', () => {
  expect(judgeOutcome({ kind: 'no-answer', error: 'reset', durationMs: 1 }, 1, noJitter)).toMatchObject({
    ...{ kind: 'again', error: 'reset', slowDown: false },
  });
  expect(judgeOutcome({ kind: 'forbidden', error: 'private' }, 1, noJitter)).toMatchObject({ kind: 'again' });
});

it('reads Retry-After as seconds or as a date', () => {
  const nowMs = Date.parse('2026-01-01T00:00:00Z');
  expect(parseRetryAfter('120', nowMs)).toBe(120_000);
  expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', nowMs)).toBe(60_000);
  expect(parseRetryAfter('Wed, 31 Dec 2025 00:01:00 GMT', nowMs)).toBe(0);
  for (const nothing of [undefined, '', 'soon', '-5', ['1', '2']]) expect(parseRetryAfter(nothing, nowMs)).toBeNull();
});

it.each(['999999999', '99999999999999', '9'.repeat(400), 'Fri, 31 Dec 9999 23:59:59 GMT'])(
  'TRAPS 27: Retry-After %s asks for a day, to whoever looks at it',
  (header) => {
    const retryAfterMs = parseRetryAfter(header, Date.parse('2026-01-01T00:00:00Z'));
    expect(retryAfterMs).toBe(DAY);
    expect(judgeOutcome(answered(503, retryAfterMs), 1, noJitter)).toMatchObject({ afterMs: DAY });
  },
);

it('secrets are whsec_ and the base64 of 24 to 64 bytes', () => {
  const secret = newWebhookSecret((size) => Buffer.alloc(size, 7));
  expect(webhookKey(secret)).toEqual(Buffer.alloc(32, 7));
  const of = (size: number) => webhookKey(`whsec_${Buffer.alloc(size, 1).toString('base64')}`)?.length ?? null;
  expect([23, 24, 64, 65].map(of)).toEqual([null, 24, 64, null]);
  expect(webhookKey(secret.slice('whsec_'.length))).toBeNull();
  expect(webhookKey(`${secret}!`)).toBeNull();
});
