/**
 * Every problem the API answers with, by its stable code: the last part of `type`, which a client may rely on (RFC
 * 9457). A GET on `type` explains it.
 */
export const PROBLEMS = {
  'invalid-request': [
    400,
    'The request is not valid',
    'One or more fields are wrong; `errors` names each with its message.',
  ],
  'invalid-json': [400, 'The body is not JSON', 'The body could not be parsed.'],
  'invalid-cursor': [
    400,
    'The cursor is not valid',
    'Use `nextCursor` of the page before, on the same list with the same filters.',
  ],
  'invalid-idempotency-key': [400, 'The Idempotency-Key is not valid', 'It has 1 to 128 visible ASCII characters.'],
  unauthenticated: [
    401,
    'An API key is needed',
    'Send `Authorization: Bearer mk_…` or `X-Api-Key: mk_…`. Make a key with `npm run api-key -- create --name demo`.',
  ],
  forbidden: [403, 'The API key may not do this', 'The key lacks a scope.'],
  'not-found': [404, 'There is nothing here', 'The address, id or path does not exist (any more).'],
  'account-not-found': [
    404,
    'There is no such account on chain',
    'The request names an account that does not exist on chain or is of another type.',
  ],
  'method-not-allowed': [405, 'The method is not supported here', 'See /openapi.json for what this path supports.'],
  'challenge-not-open': [
    409,
    'The challenge cannot be answered',
    'It is unknown, was used, or has expired. Ask for a new one and sign that.',
  ],
  conflict: [409, 'Something else is in the way', 'The request conflicts with the state on chain.'],
  raced: [
    409,
    'Somebody else was faster',
    'What the request was built on changed before it landed. It had no effect; send it again with a new Idempotency-Key.',
  ],
  'cursor-expired': [
    410,
    'The stream cannot go on from this cursor',
    'What it goes on from is not kept any more. Start anew, from `start` or a slot: what comes again has the same ids.',
  ],
  'body-too-large': [413, 'The body is too large', 'Send less at once.'],
  'unsupported-media-type': [415, 'The body must be JSON', 'Send `Content-Type: application/json` in UTF-8.'],
  'idempotency-key-reused': [
    422,
    'The Idempotency-Key was used for another request',
    'Use a new key for a new request.',
  ],
  'signer-not-held': [
    422,
    'The server does not hold that key',
    'Name an address the server signs for, or configure its key.',
  ],
  'signature-invalid': [
    422,
    'The signature does not prove the wallet',
    'Sign the text of the challenge exactly as it came with the key of the wallet it was made for.',
  ],
  'wallet-not-needed': [
    422,
    'No wallet has to sign this',
    'The server holds the keys of all who sign: send the request itself, without `/prepare`, or name the address of a wallet in it.',
  ],
  'not-prepared': [
    422,
    'Nothing like it was prepared',
    'No transaction with this message was prepared with this API key, or it was removed because it was not submitted for a day. Send `id` as well to learn what differs; else prepare it again.',
  ],
  'transaction-changed': [
    422,
    'It is not the transaction that was prepared',
    '`differences` says what is not the same: it must be signed to the byte as it came. A wallet that adds instructions of its own has to be told not to. Nothing was stored; submit the prepared one.',
  ],
  'signatures-incomplete': [
    422,
    'Signatures are missing or wrong',
    '`missing` names who has not signed, `wrong` whose signature is not theirs or is of something else. Nothing was stored; submit it again with all of them.',
  ],
  'signer-paused': [
    503,
    'An operator has paused a key that has to sign',
    'The server signs nothing with it for now. Nothing was stored; submit the same transaction again later.',
  ],
  'program-refused': [
    422,
    'The chain said no',
    'The program refused the transaction; `programError` names its reason. It had no effect. To try again, use a new Idempotency-Key.',
  ],
  'transaction-too-large': [
    422,
    'The transaction does not fit',
    'A transaction holds 1,232 bytes: ask for less at once.',
  ],
  'rate-limited': [429, 'Too many requests', 'Wait as long as `Retry-After` says.'],
  internal: [500, 'Something went wrong here', 'The server log has the details under the `requestId`.'],
  'chain-error': [502, 'The chain could not be asked', 'The RPC endpoint refused a question. Nothing was sent.'],
  'not-configured': [503, 'The server lacks a setting for this', '`detail` names the setting; an operator sets it.'],
  'chain-unreachable': [503, 'The chain cannot be reached', 'Nothing was sent. Try again.'],
  'database-unreachable': [
    503,
    'The database cannot be reached',
    'Try again; a write with an Idempotency-Key has at most one effect.',
  ],
  'too-many-streams': [
    503,
    'No more streams are served at once',
    'Try again later, close what is not needed, or have an operator raise STREAM_MAX_CONSUMERS.',
  ],
  'transaction-expired': [
    503,
    'The transaction did not land in time',
    'It is proven that it never will. It had no effect; send it again with a new Idempotency-Key, or have it prepared again.',
  ],
  overloaded: [503, 'Too much is waiting', 'Nothing was stored. Try again when there is less to do.'],
  stopped: [503, 'The server is stopping', 'Nothing was stored. Try again; another process takes the request.'],
  'transaction-cancelled': [
    409,
    'The request was cancelled',
    'An operator took it back before anything was signed. It had no effect; send it again with a new Idempotency-Key.',
  ],
} as const satisfies Record<string, readonly [status: number, title: string, explanation: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Thrown anywhere below the API to answer with a problem. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly code: ProblemCode,
    /** What is wrong with this very request, for its sender. */
    readonly detail?: string,
    /** Members beyond those of RFC 9457. */
    readonly more: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail ?? code);
  }

  get status(): number {
    return PROBLEMS[this.code][0];
  }
}

/** One wrong field of a request. `field` is a path such as `recipients.0`; empty for the body as a whole. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** The body of a problem answer. */
export function problemBody(problem: Problem, requestId: string): Record<string, unknown> {
  const [status, title] = PROBLEMS[problem.code];
  return {
    type: `/problems/${problem.code}`,
    title,
    status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...problem.more,
    requestId,
  };
}
