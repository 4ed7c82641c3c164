import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { TRANSACTION_STATES, WISHES } from '../transactions/managed-transaction.js';
import { COUNTED_AT_MOST } from '../transactions/signer-view.js';
import { json, problems } from './openapi-parts.js';
import { pauseRequestSchema } from './routes/signer-routes.js';

type Operations = [string, 'get' | 'post', ZodOpenApiOperationObject][];

const security = [{ bearer: [] }, { apiKey: [] }];
const state = z.enum(TRANSACTION_STATES);
const signerSchema = z
  .object({
    address: z.string().meta({ description: 'base58, or `wallets` for what only wallets sign' }),
    balance: z
      .object({ lamports: z.string(), slot: z.int() })
      .nullable()
      .meta({ description: 'null: the chain could not be asked' }),
    lease: z.object({ holder: z.string().nullable(), isAlive: z.boolean() }),
    node: z.string().nullable().meta({ description: 'the live process that its requests belong to' }),
    servedBy: z.array(z.string()).meta({ description: 'live processes that have its key' }),
    paused: z.object({ reason: z.string(), since: z.string() }).nullable(),
    requests: z
      .record(state, z.int())
      .meta({ description: `how many are in each state, counted up to ${COUNTED_AT_MOST}` }),
    oldestOpenAt: z.string().nullable(),
    oldestOpenMs: z.int().nullable(),
    troubled: z.array(
      z.object({ id: z.string(), command: z.string(), state, createdAt: z.string(), trouble: z.string() }),
    ),
    numbers: z.array(z.object({ row: z.string(), next: z.string(), free: z.array(z.string()) })),
    lastLanded: z
      .object({
        ...{ id: z.string(), command: z.string(), signature: z.string().nullable() },
        ...{ slot: z.int().nullable(), at: z.string() },
      })
      .nullable(),
  })
  .meta({ id: 'Signer', description: 'Who signs writes, and how they are worked on' });

/** The operations on signers. */
export function signerOperations(): Operations {
  const tags = ['signers'];
  const requestParams = { path: z.object({ address: z.string() }) };
  const one = { 200: json('The signer', signerSchema) };
  return [
    [
      '/api/signers',
      'get',
      {
        ...{ tags, summary: 'Every signer that a live process serves or that has requests', security },
        responses: { 200: json('All of them', z.object({ items: z.array(signerSchema) })) },
      },
    ],
    [
      '/api/signers/{address}',
      'get',
      { ...{ tags, summary: 'One of them', security, requestParams }, responses: { ...one, ...problems('not-found') } },
    ],
    [
      '/api/signers/{address}/pause',
      'post',
      {
        ...{ tags, summary: 'Nothing new is signed with it; what is signed is followed to its end' },
        ...{ security, requestParams },
        requestBody: { required: true, content: { 'application/json': { schema: pauseRequestSchema } } },
        responses: {
          ...one,
          ...problems('invalid-request', 'invalid-json', 'unauthenticated', 'forbidden', 'not-found'),
        },
      },
    ],
    [
      '/api/signers/{address}/resume',
      'post',
      {
        ...{ tags, summary: 'Takes the pause back', security, requestParams },
        responses: { ...one, ...problems('unauthenticated', 'forbidden', 'not-found') },
      },
    ],
  ];
}

const SUMMARIES = {
  cancel: 'Takes a write back of which nothing is signed yet',
  bump: 'Offers more for a write over a durable nonce; over a blockhash it would be unsafe, and is refused',
  resubmit: 'Hands the bytes of a write to the nodes again, now',
} as const;

/** What can be done about a write under way. */
export function wishOperations(): Operations {
  const answer = z.object({
    ...{ id: z.string(), wish: z.enum(WISHES), outcome: z.enum(['done', 'waiting']), state, detail: z.string() },
  });
  return WISHES.map((wish) => [
    `/api/transactions/{id}/${wish}`,
    'post',
    {
      ...{ tags: ['transactions'], summary: SUMMARIES[wish], security },
      requestParams: { path: z.object({ id: z.string() }) },
      responses: {
        200: json('Done by the desk of its signer', answer),
        202: json('Nobody who works for its signer has come to it yet', answer),
        ...problems('unauthenticated', 'forbidden', 'not-found', 'conflict'),
      },
    },
  ]);
}
