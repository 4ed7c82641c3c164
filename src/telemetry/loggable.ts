/** Fields whose values never reach a log, wherever they are nested. Compared in lower case. */
export const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'cookie',
  'set-cookie',
  'apikey',
  'password',
  'secret',
  'secretkey',
  'privatekey',
  'keypair',
]);
export const REDACTED = '[redacted]';
/** Deeper than anything we log on purpose; ends cycles. */
const MAX_DEPTH = 8;

/**
 * A value as it may be logged: u64s as strings (JSON has no other exact form), bytes as base64, secrets redacted by
 * field name. Errors are left to the error serializer.
 */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value === null || typeof value !== 'object' || value instanceof Date) return value;
  if (value instanceof Error && depth > 0) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (depth >= MAX_DEPTH) return '[…]';
  if (Array.isArray(value)) return value.map((item) => loggable(item, depth + 1));
  // Wrappers (a Secret, a PublicKey, a Decimal128, a Config) know how they may be shown.
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return loggable((value as { toJSON(): unknown }).toJSON(), depth + 1);
  }
  const shown: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) {
    shown[name] = SECRET_FIELDS.has(name.toLowerCase()) ? REDACTED : loggable(item, depth + 1);
  }
  return shown;
}

/**
 * Takes API keys and the credentials of URLs out of a finished line: they come in with sentences and error messages of
 * libraries. No pattern reaches over a quote or a backslash, so a line of JSON stays one.
 */
export function scrub(line: string): string {
  return line
    .replace(/\bmk_[\w-]{16,}/g, `mk_${REDACTED}`)
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#@"\\]+@/gi, `$1${REDACTED}@`)
    .replace(/([?&](?:api[-_]?key|key|token|secret|password)=)[^\s&#"\\]+/gi, `$1${REDACTED}`);
}
