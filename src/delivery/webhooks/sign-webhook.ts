import { createHmac } from 'node:crypto';
import { MooringError } from '../../lib/errors.js';
import { webhookKey } from './webhook-secret.js';

/** What is signed. */
export interface SignedMessage {
  /** The same for every try. */
  readonly id: string;
  /** Of this try: receivers refuse what is minutes old. */
  readonly at: Date;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks, with a signature for each secret: while secrets rotate, who knows either of them can
 * verify. @throws MooringError `webhook-secret-invalid`
 */
export function webhookHeaders(
  { id, at, body }: SignedMessage,
  secrets: readonly string[],
): Readonly<Record<string, string>> {
  if (secrets.length === 0) throw new MooringError('webhook-secret-invalid', 'This endpoint has no secret; rotate it.');
  const timestamp = String(Math.floor(at.getTime() / 1_000));
  const signatures = secrets.map((secret) => {
    const key = webhookKey(secret);
    if (!key) throw new MooringError('webhook-secret-invalid', 'A secret of this endpoint cannot be used; rotate it.');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
