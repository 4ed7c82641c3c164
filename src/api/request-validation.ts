import type { Request } from 'express';
import { z } from 'zod';
import { Problem, type FieldError } from './problem.js';
import { plainWords } from './schema-words.js';

/** The parsed value, or a 400 that names every wrong field. */
export function validated<T>(schema: z.ZodType<T>, value: unknown): T {
  // Without it zod leaves the input out of its issues, and every wrong type would look like a missing field.
  const parsed = schema.safeParse(value, { reportInput: true, error: plainWords });
  if (parsed.success) return parsed.data;
  const errors = withoutFollowing(parsed.error.issues).flatMap(fieldErrors);
  const names = [...new Set(errors.map(({ field }) => field || 'the body'))];
  throw new Problem('invalid-request', `Not valid: ${names.join(', ')}.`, { errors });
}

/** The body of a command. None at all is an empty one; one that is not JSON is refused. */
export function jsonBody(request: Request): unknown {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (hasBody && !request.is(['json', '+json'])) throw new Problem('unsupported-media-type');
  return (request.body as unknown) ?? {};
}

/** Of a command that its path says all of. */
export const noFields = z.strictObject({});

const LIFETIMES = ['blockhash', 'nonce'] as const;

/** `?lifetime=`: how long what is signed can land; a blockhash's minute when left out. */
export function lifetimeOf(request: Request): (typeof LIFETIMES)[number] | undefined {
  const { lifetime } = request.query;
  const known = LIFETIMES.find((one) => one === lifetime);
  if (lifetime === undefined || known) return known;
  throw new Problem('invalid-request', 'Not valid: lifetime.', {
    errors: [{ field: 'lifetime', message: `must be ${LIFETIMES.join(' or ')}` }],
  });
}

/** What a wallet signs is made over a blockhash: whoever asks for more is told, not given less. */
export function refuseNonceLifetime(request: Request): void {
  if (lifetimeOf(request) !== 'nonce') return;
  const message = 'can only be blockhash where a wallet signs: over a nonce only the server signs';
  throw new Problem('invalid-request', 'Not valid: lifetime.', { errors: [{ field: 'lifetime', message }] });
}

const KEY = /^[\x21-\x7e]{1,128}$/;

/** The client's Idempotency-Key, if it sent one. */
export function idempotencyKey(request: Request): string | undefined {
  const key = request.get('idempotency-key');
  if (key === undefined || KEY.test(key)) return key;
  throw new Problem('invalid-idempotency-key');
}

/** zod asks a text for its length where a list was wanted: of what is of the wrong type nothing else is said. */
function withoutFollowing(issues: readonly z.core.$ZodIssue[]): readonly z.core.$ZodIssue[] {
  const at = ({ path }: z.core.$ZodIssue) => JSON.stringify(path.map(String));
  const mistyped = new Set(issues.filter(({ code }) => code === 'invalid_type').map(at));
  return issues.filter((issue) => issue.code === 'invalid_type' || !mistyped.has(at(issue)));
}

/** One error for each wrong field; an unknown field is named itself instead of what contains it. */
function fieldErrors(issue: z.core.$ZodIssue): FieldError[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ field: [...path, key].join('.'), message: 'is not a known field' }));
  }
  if (path.length === 0 && issue.code === 'invalid_type') return [{ field: '', message: 'must be a JSON object' }];
  // Also where a check of ours finds it: it is handed what is not there.
  const isMissing = issue.input === undefined;
  return [{ field: path.join('.'), message: isMissing ? `is missing: ${issue.message}` : issue.message }];
}
