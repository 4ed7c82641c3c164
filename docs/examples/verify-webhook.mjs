/**
 * Verifies a webhook of mooring (Standard Webhooks) with nothing but Node. `body` is the text as it came, before anything
 * parsed it. Returns what it says, or throws.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** What is older, or from the future, may be a replay: seconds. */
const TOLERANCE_S = 300;

export function verifyWebhook(secret, headers, body, nowMs = Date.now()) {
  const id = headers['webhook-id'];
  const timestamp = headers['webhook-timestamp'];
  const given = headers['webhook-signature'];
  if (!id || !timestamp || !given) throw new Error('headers are missing');
  if (!(Math.abs(nowMs / 1000 - Number(timestamp)) <= TOLERANCE_S)) throw new Error('too old, or from the future');
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  const isKnown = given.split(' ').some((signature) => {
    const [version, text = ''] = signature.split(',');
    const found = Buffer.from(text, 'base64');
    return version === 'v1' && found.length === expected.length && timingSafeEqual(found, expected);
  });
  if (!isKnown) throw new Error('nobody who knows the secret has signed this');
  return JSON.parse(body);
}
