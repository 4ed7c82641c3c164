import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import type { Command } from '../domain-kit/command.js';
import { TRANSACTION_STATES, WISHES } from '../transactions/managed-transaction.js';
import { pageSchema } from './model-schema.js';
import { json, problems, queryOf, resourceOf } from './openapi-parts.js';
import type { ProblemCode } from './problem.js';
import { submissionSchema } from './routes/transaction-routes.js';

const addresses = z.record(z.string(), z.union([z.string(), z.array(z.string())]));
const transactionFields = {
  id: z.string(),
  state: z.enum(TRANSACTION_STATES),
  address: z.string().nullable(),
  addresses,
  signature: z.string().nullable(),
  slot: z.int().nullable(),
  commitment: z.enum(['confirmed', 'finalized']).nullable(),
};
const doneSchema = z.object({ ...transactionFields, document: z.unknown(), documents: z.array(z.unknown()) });
const pendingSchema = z
  .object({ ...transactionFields, statusUrl: z.string(), detail: z.string() })
  .meta({ id: 'PendingWrite', description: 'Not known, or not readable yet: ask statusUrl' });
const workFields = {
  ...transactionFields,
  ...{ command: z.string(), signer: z.string(), wish: z.enum(WISHES).nullable() },
  ...{ attempts: z.array(z.record(z.string(), z.unknown())), createdAt: z.string(), updatedAt: z.string() },
};
const listedSchema = z.object(workFields).meta({ id: 'ListedTransaction' });
const transactionSchema = z
  .object({ ...workFields, readable: z.boolean(), documents: z.array(z.unknown()) })
  .meta({ id: 'Transaction' });
const lamports = z.string().meta({ description: 'in lamports' });
const preparedSchema = z
  .object({
    id: z.string(),
    state: z.enum(TRANSACTION_STATES),
    transaction: z.string().meta({ description: 'what wallets sign: base64, with room for the signatures' }),
    summary: z.object({
      does: z.string().meta({ description: 'for a person' }),
      command: z.string(),
      values: z.record(z.string(), z.unknown()).meta({ description: 'as they were asked for' }),
      address: z.string().nullable(),
      addresses,
      payer: z.string(),
      fee: z.object({ lamports, signatures: lamports, priority: lamports }),
      balanceChange: lamports.nullable().meta({
        description: "what the payer's balance changes by, fee included, as it was simulated; null: not known",
      }),
    }),
    signers: z.array(z.object({ address: z.string(), by: z.enum(['wallet', 'server']) })),
    expires: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('blockhash'), blockhash: z.string(), lastValidBlockHeight: z.int() }),
      z.object({ kind: z.literal('nonce'), account: z.string(), value: z.string() }),
    ]),
    statusUrl: z.string(),
  })
  .meta({ id: 'PreparedTransaction', description: 'Have it signed to the byte, then POST /api/transactions' });

const keyHeader = {
  'idempotency-key': z.string().optional().meta({ description: 'The same key has at most one effect' }),
};
const writeHeaders = z.object({
  ...keyHeader,
  prefer: z.string().optional().meta({
    description: '`respond-async` answers 202 at once, `wait=N` waits for N seconds at most (RFC 7240)',
  }),
});
const lifetimeQuery = z.object({
  lifetime: z.enum(['blockhash', 'nonce']).optional().meta({
    description: 'How long it can land: a minute, or until its durable nonce moves on (docs/nonces.md)',
  }),
});

const SECURITY = [{ bearer: [] }, { apiKey: [] }];
/** What any write with a body can meet. */
const OF_WRITES = [
  ...(['invalid-request', 'invalid-json', 'unauthenticated', 'forbidden', 'raced'] as const),
  ...(['body-too-large', 'unsupported-media-type', 'program-refused', 'rate-limited'] as const),
] satisfies ProblemCode[];
const OF_COMMANDS = [
  ...OF_WRITES,
  ...(['invalid-idempotency-key', 'account-not-found', 'conflict', 'signer-not-held'] as const),
  ...(['idempotency-key-reused', 'transaction-too-large', 'chain-error', 'chain-unreachable'] as const),
] satisfies ProblemCode[];

/** A command that the server signs. */
export function commandOperation(command: Command): ZodOpenApiOperationObject {
  return {
    ...requestOf(command),
    operationId: command.name,
    summary: command.summary,
    requestParams: { ...requestOf(command).requestParams, query: lifetimeQuery, header: writeHeaders },
    responses: {
      [command.path.includes(':') ? 200 : 201]: json('Confirmed, and the document is readable', doneSchema),
      202: json('Not known or not readable yet', pendingSchema),
      ...problems(...OF_COMMANDS),
    },
  };
}

/** The same command, made for a wallet to sign. */
export function prepareOperation(command: Command): ZodOpenApiOperationObject {
  return {
    ...requestOf(command),
    operationId: `${command.name}.prepare`,
    summary: `For a wallet to sign: ${command.summary}`,
    description: 'Addresses that sign may be those of wallets. Nothing is signed or sent.',
    responses: {
      201: json('Simulated and stored, ready to be signed', preparedSchema),
      ...problems(...OF_COMMANDS, 'wallet-not-needed'),
    },
  };
}

/** What there is about transactions themselves. */
export function transactionOperations(): [string, 'get' | 'post', ZodOpenApiOperationObject][] {
  const tags = ['transactions'];
  const filters = { state: z.enum(TRANSACTION_STATES), signer: z.string(), command: z.string() };
  return [
    [
      '/api/transactions',
      'get',
      {
        ...{ tags, summary: 'The writes of this API key, newest first', security: SECURITY },
        requestParams: { query: queryOf(filters) },
        responses: {
          200: json('A page', pageSchema(listedSchema)),
          ...problems('invalid-request', 'invalid-cursor', 'unauthenticated', 'forbidden'),
        },
      },
    ],
    [
      '/api/transactions',
      'post',
      {
        ...{ tags, operationId: 'submitTransaction', security: SECURITY },
        summary: 'Submits what a wallet has signed, if it is what was prepared',
        description: 'With the API key it was prepared with. The same transaction twice is the same answer.',
        requestBody: { required: true, content: { 'application/json': { schema: submissionSchema } } },
        responses: {
          200: json('Confirmed, and the document is readable', doneSchema),
          201: json('The same, of a command that makes something', doneSchema),
          202: json('Not known or not readable yet', pendingSchema),
          ...problems(...OF_WRITES, 'not-prepared', 'transaction-changed', 'signatures-incomplete'),
          ...problems('signer-paused', 'transaction-expired'),
        },
      },
    ],
    [
      '/api/transactions/{id}',
      'get',
      {
        ...{ tags, summary: 'How a write stands', security: SECURITY },
        requestParams: { path: z.object({ id: z.string() }) },
        responses: { 200: json('The transaction', transactionSchema), ...problems('unauthenticated', 'not-found') },
      },
    ],
  ];
}

function requestOf(
  command: Command,
): Pick<ZodOpenApiOperationObject, 'tags' | 'security' | 'requestParams' | 'requestBody'> {
  return {
    tags: [resourceOf(command.path)],
    security: SECURITY,
    requestParams: {
      ...(command.path.includes(':') ? { path: command.params as unknown as z.ZodObject } : {}),
      header: z.object(keyHeader),
    },
    requestBody: {
      // Not where everything can be left out: no body at all is then as good as an empty one.
      required: !command.body.safeParse({}).success,
      content: { 'application/json': { schema: command.body } },
    },
  };
}
