const PREFIX = 'whsec_';
/** Standard Webhooks asks for 24 to 64 bytes. */
const MIN_BYTES = 24;
const MAX_BYTES = 64;
const NEW_BYTES = 32;

/** A new secret of an endpoint; `randomBytes` as of node:crypto. */
export function newWebhookSecret(randomBytes: (size: number) => Buffer): string {
  return `${PREFIX}${randomBytes(NEW_BYTES).toString('base64')}`;
}

/** The key that a secret stands for; null: it is not `whsec_` and the base64 of 24 to 64 bytes. */
export function webhookKey(secret: string): Buffer | null {
  if (!secret.startsWith(PREFIX)) return null;
  const text = secret.slice(PREFIX.length);
  const key = Buffer.from(text, 'base64');
  // Node skips what is no base64, so that a mistyped secret would be another one.
  const isWhole = key.toString('base64') === text;
  return isWhole && key.length >= MIN_BYTES && key.length <= MAX_BYTES ? key : null;
}
