import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { pageSchema } from './model-schema.js';
import { json, problems, queryOf } from './openapi-parts.js';
import { RECORD_FILTERS } from './record-query.js';
import { externalAccountSchema } from './routes/external-account-routes.js';
import { sendEventSchema, sendEventsSchema } from './send-event-request.js';

type Operations = [string, 'get' | 'post' | 'put' | 'delete', ZodOpenApiOperationObject][];

const security = [{ bearer: [] }, { apiKey: [] }];
const bodyProblems = ['invalid-json', 'body-too-large', 'unsupported-media-type'] as const;
const keyProblems = ['unauthenticated', 'forbidden'] as const;

const recordSchema = z
  .object({
    id: z.string(),
    eventId: z.string().meta({ description: "the sender's own, or the chain event's" }),
    name: z.string(),
    source: z.string(),
    timestamp: z.string(),
    payload: z.unknown(),
    context: z.unknown(),
    accountId: z
      .string()
      .nullable()
      .meta({ description: "the application's name of an external account; `account` of what is told" }),
    isTest: z.boolean(),
    commitment: z.enum(['confirmed', 'finalized', 'orphaned']).nullable().meta({ description: 'of a chain event' }),
    follows: z.string().nullable().meta({ description: 'the record that this one takes back' }),
    state: z.enum(['due', 'delivered']),
    deliverAt: z.string(),
    deliveredAt: z.string().nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'EventRecord', description: 'An event as it is told to dispatchers' });

const accountSchema = z
  .object({
    ...{ id: z.string(), identifier: z.string(), metadata: z.record(z.string(), z.unknown()) },
    ...{ createdAt: z.string(), updatedAt: z.string() },
  })
  .meta({ id: 'ExternalAccount', description: 'Whom events are about, in the words of the application' });

/** The operations on event records and external accounts. */
export function eventRecordOperations(programs: readonly string[]): Operations {
  return [...recordOperations(programs), ...accountOperations()];
}

function recordOperations(programs: readonly string[]): Operations {
  const tags = ['event-records'];
  const requestParams = { path: z.object({ id: z.string() }) };
  const outcome = z.enum(['created', 'replaced', 'unchanged']);
  const item = z.object({ outcome, record: recordSchema });
  const answer = z.union([item, z.object({ items: z.array(item) })]);
  const described: Record<string, string> = {
    ...{ since: 'taken in at this time or later', until: 'taken in before', state: 'due or delivered' },
    ...{ isTest: 'true or false', accountId: "the application's name of an external account" },
  };
  const filters = Object.fromEntries(
    Object.keys(RECORD_FILTERS).map((name) => {
      const description = described[name];
      return [name, description === undefined ? z.string() : z.string().meta({ description })];
    }),
  );
  return [
    [
      '/api/event-records',
      'post',
      {
        ...{ tags, summary: 'Sends an event, or up to a hundred; one whose id is known is not sent twice', security },
        requestBody: {
          required: true,
          content: { 'application/json': { schema: z.union([sendEventSchema(programs), sendEventsSchema(programs)]) } },
        },
        responses: {
          201: json('At least one is new; what became of each', answer),
          200: json('All were known; what became of each', answer),
          ...problems('invalid-request', ...bodyProblems, ...keyProblems),
        },
      },
    ],
    [
      '/api/event-records',
      'get',
      {
        ...{ tags, summary: 'Events of the environment of the key, newest first', security },
        requestParams: { query: queryOf(filters) },
        responses: {
          200: json('A page', pageSchema(recordSchema)),
          ...problems('invalid-request', 'invalid-cursor', ...keyProblems),
        },
      },
    ],
    [
      '/api/event-records/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them', security, requestParams },
        responses: { 200: json('The event record', recordSchema), ...problems('not-found', ...keyProblems) },
      },
    ],
    [
      '/api/event-records/{id}',
      'delete',
      {
        ...{ tags, summary: 'Cancels one that nobody was told of yet', security, requestParams },
        responses: {
          200: json('As if it had never been sent', z.object({ id: z.string(), outcome: z.literal('cancelled') })),
          ...problems('not-found', 'conflict', ...keyProblems),
        },
      },
    ],
  ];
}

function accountOperations(): Operations {
  const tags = ['external-accounts'];
  const identifier = z.string().meta({ description: 'as encodeURIComponent writes it' });
  const requestParams = { path: z.object({ identifier }) };
  return [
    [
      '/api/external-accounts',
      'get',
      {
        ...{ tags, summary: 'Accounts of the environment of the key, by identifier', security },
        requestParams: { query: queryOf({}) },
        responses: {
          200: json('A page', pageSchema(accountSchema)),
          ...problems('invalid-request', 'invalid-cursor', ...keyProblems),
        },
      },
    ],
    [
      '/api/external-accounts/{identifier}',
      'get',
      {
        ...{ tags, summary: 'One of them', security, requestParams },
        responses: { 200: json('The account', accountSchema), ...problems('not-found', ...keyProblems) },
      },
    ],
    [
      '/api/external-accounts/{identifier}',
      'put',
      {
        ...{ tags, summary: 'Makes an account, or replaces what is kept with it', security, requestParams },
        requestBody: { content: { 'application/json': { schema: externalAccountSchema } } },
        responses: {
          201: json('It is new', accountSchema),
          200: json('It was there', accountSchema),
          ...problems('invalid-request', ...bodyProblems, ...keyProblems),
        },
      },
    ],
  ];
}
