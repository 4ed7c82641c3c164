import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { pageSchema } from './model-schema.js';
import { DISPATCHER_FILTERS, dispatcherSchema, dryRunSchema, rotationSchema } from './dispatcher-request.js';
import { json, problems, queryOf } from './openapi-parts.js';

type Operations = [string, 'get' | 'post' | 'put' | 'delete', ZodOpenApiOperationObject][];

const security = [{ bearer: [] }, { apiKey: [] }];
const tags = ['dispatchers'];
const secret = z.string().meta({ description: '`whsec_` and base64, as in Standard Webhooks; shown this once' });
const viewSchema = z
  .object({
    id: z.string(),
    dispatchableId: z.string().meta({ description: "the application's own name for it" }),
    dispatchable: z.looseObject({ kind: z.enum(DISPATCHER_FILTERS.kind) }),
    secrets: z.int().meta({ description: 'how many sign: two while they are changed' }),
    events: z.array(z.string()),
    source: z.string(),
    filter: z.record(z.string(), z.unknown()),
    filterMode: z.enum(['strict', 'trigger']),
    commitment: z.enum(['confirmed', 'finalized']),
    accountId: z.string().nullable().meta({ description: "the application's name of an external account" }),
    manual: z.boolean(),
    enabled: z.boolean(),
    disabledReason: z.string().nullable().meta({ description: '`gone` or `failing`, where nobody asked for it' }),
    restsUntil: z.string().nullable().meta({
      description:
        'until when nothing is sent, after failures or as it asked; another URL or a test that succeeds ends it',
    }),
    orderBy: z.array(z.string()).nullable(),
    createdAt: z.string(),
    updatedAt: z.string(),
  })
  .meta({ id: 'Dispatcher', description: 'Who wants to hear of which events' });
const madeSchema = viewSchema.extend({ secret: secret.optional() }).meta({ id: 'DispatcherWithSecret' });
const named = z.object({ id: z.string(), dispatchableId: z.string() });
const dryRunAnswer = z.object({
  reached: z.array(named),
  reachedCount: z.int(),
  others: z.array(
    named.extend({
      reason: z.enum(['environment', 'name', 'source', 'account', 'disabled', 'manual', 'commitment', 'filter']),
      path: z.string().nullable().meta({ description: 'into the event, where its filter does not fit' }),
      detail: z.string(),
    }),
  ),
});

/** The operations on dispatchers. */
export function dispatcherOperations(): Operations {
  const requestParams = { path: z.object({ id: z.string() }) };
  const one = { 200: json('The dispatcher', viewSchema) };
  const body = (schema: z.ZodType) => ({ required: true, content: { 'application/json': { schema } } });
  const ofBodies = ['invalid-request', 'invalid-json', 'body-too-large', 'unsupported-media-type'] as const;
  const filters = Object.entries(DISPATCHER_FILTERS).map(([name, choices]): [string, z.ZodType] => [
    name,
    choices === null ? z.string() : z.enum(choices),
  ]);
  const switched = (summary: string): ZodOpenApiOperationObject => ({
    ...{ tags, summary, security, requestParams },
    responses: { ...one, ...problems('unauthenticated', 'forbidden', 'not-found') },
  });
  return [
    [
      '/api/dispatchers',
      'get',
      {
        ...{ tags, summary: "The dispatchers of the key's environment, by their own names", security },
        requestParams: { query: queryOf(Object.fromEntries(filters)) },
        responses: {
          200: json('A page', pageSchema(viewSchema)),
          ...problems('invalid-request', 'invalid-cursor', 'unauthenticated'),
        },
      },
    ],
    [
      // A path can have one name for its parameter only.
      '/api/dispatchers/{id}',
      'put',
      {
        ...{ tags, summary: 'Makes the dispatcher of this name what the body says, whole', security },
        requestParams: {
          path: z.object({ id: z.string().meta({ description: 'here its own name, the `dispatchableId`' }) }),
        },
        requestBody: body(dispatcherSchema([], false)),
        responses: {
          200: json('There was one', madeSchema),
          201: json('There was none', madeSchema),
          ...problems(...ofBodies, 'unauthenticated', 'forbidden'),
        },
      },
    ],
    [
      '/api/dispatchers/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them', security, requestParams },
        responses: { ...one, ...problems('unauthenticated', 'not-found') },
      },
    ],
    [
      '/api/dispatchers/{id}',
      'delete',
      {
        ...{ tags, summary: 'Takes it away', security, requestParams },
        responses: {
          204: { description: 'It is gone' },
          ...problems('unauthenticated', 'forbidden', 'not-found'),
        },
      },
    ],
    ['/api/dispatchers/{id}/enable', 'post', switched('It gets events from now on')],
    [
      '/api/dispatchers/{id}/disable',
      'post',
      switched('It gets no more events; what is on its way to it is not called back'),
    ],
    [
      '/api/dispatchers/{id}/rotate-secret',
      'post',
      {
        ...{ tags, summary: 'A new secret; the one before it signs as well, unless it is not kept', security },
        ...{ requestParams, requestBody: { content: { 'application/json': { schema: rotationSchema } } } },
        responses: {
          200: json('Made', z.object({ id: z.string(), secret })),
          ...problems(...ofBodies, 'unauthenticated', 'forbidden', 'not-found', 'conflict'),
        },
      },
    ],
    [
      '/api/dispatchers/dry-run',
      'post',
      {
        ...{ tags, summary: 'Whom an event would reach, and why not the others; nothing is sent or stored', security },
        requestBody: body(dryRunSchema),
        responses: {
          200: json('The first 200 of each', dryRunAnswer),
          ...problems(...ofBodies, 'unauthenticated', 'forbidden'),
        },
      },
    ],
  ];
}
