import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Action } from '../domain-kit/action.js';
import type { Field } from '../domain-kit/field.js';
import type { Model } from '../domain-kit/model.js';
import type { DomainRoutes, ReadRoute } from '../domain-kit/routes.js';
import { filterWords } from './filter-value.js';
import { filterFields, filtersBeside } from './list-query.js';
import { DEAD_KINDS, DEAD_REASONS } from '../ledger/dead-items.js';
import { documentSchema, pageSchema, singular } from './model-schema.js';
import { json, problems, queryOf, resourceOf } from './openapi-parts.js';
import { deliveryOperations } from './openapi-deliveries.js';
import { dispatcherOperations } from './openapi-dispatchers.js';
import { eventRecordOperations } from './openapi-event-records.js';
import { reconcileOperations } from './openapi-reconcile.js';
import { streamOperation } from './openapi-stream.js';
import { signerOperations, wishOperations } from './openapi-signers.js';
import { commandOperation, prepareOperation, transactionOperations } from './openapi-writes.js';
import { PROBLEMS, type ProblemCode } from './problem.js';
import { DEAD_FILTERS } from './read-dead-letters.js';
import { preparePath } from './routes/prepare-routes.js';
import { EVENT_CHOICES, EVENT_FILTERS } from './read-events.js';

export type OpenApiDocument = ReturnType<typeof createDocument>;

const eventSchema = z
  .object({
    id: z.string(),
    program: z.string(),
    name: z.string(),
    signature: z.string(),
    slot: z.int(),
    data: z.unknown(),
    state: z.enum(['received', 'applied', 'dead', 'orphaned']),
    commitment: z.enum(['confirmed', 'finalized']),
    touches: z.array(z.string()),
  })
  .meta({ id: 'Event', description: 'A record of the ledger' });

const deadLetterSchema = z
  .object({
    id: z.string(),
    kind: z.enum(DEAD_KINDS),
    program: z.string(),
    signature: z.string(),
    slot: z.int(),
    reason: z.enum(DEAD_REASONS),
    detail: z.string(),
    attempts: z.int(),
    name: z.string().nullable(),
    data: z.unknown(),
    raw: z.string().nullable().meta({ description: 'the bytes, as hex' }),
    seenAt: z.string(),
    lastTriedAt: z.string().nullable(),
    dismissedAt: z.string().nullable(),
    dismissedBy: z.string().nullable(),
    resolvedAt: z.string().nullable(),
    advice: z.string().meta({ description: 'what an operator can do about it' }),
  })
  .meta({
    id: 'DeadLetter',
    description: 'What could not be decoded, fetched or handled, kept until somebody decides',
  });

/** The OpenAPI document, from the same schemas that requests are checked with and models are stored by. */
export function openApiDocument(domains: readonly DomainRoutes[], version: string): OpenApiDocument {
  const paths: ZodOpenApiPathsObject = {};
  const add = (
    path: string,
    method: 'get' | 'post' | 'put' | 'patch' | 'delete',
    operation: ZodOpenApiOperationObject,
  ) => {
    paths[path] = { ...paths[path], [method]: operation };
  };
  const schemas = new Map<Model, z.ZodType>();
  for (const { reads, commands, actions } of domains) {
    for (const { model } of reads) schemas.set(model, documentSchema(model));
    for (const read of reads) {
      const schema = schemas.get(read.model) as z.ZodType;
      add(`/api${read.path}`, 'get', listOperation(read, schema));
      const key = read.model.kind === 'state' ? 'address' : 'id';
      add(`/api${read.path}/{${key}}`, 'get', {
        tags: [resourceOf(read.path)],
        summary: `One ${singular(read.model.collection)}`,
        requestParams: { path: z.object({ [key]: z.string() }) },
        responses: { 200: json('The document', schema), ...problems('not-found') },
      });
    }
    for (const command of commands) {
      add(`/api${openApiPath(command.path)}`, command.method, commandOperation(command));
      add(`/api${openApiPath(preparePath(command))}`, 'post', prepareOperation(command));
    }
    for (const action of actions) add(`/api${openApiPath(action.path)}`, action.method, actionOperation(action));
  }
  add('/api/events', 'get', {
    tags: ['ledger'],
    summary: 'Events as they were on chain, newest first, and what became of them',
    requestParams: { query: queryOf(Object.fromEntries(EVENT_FILTERS.map((name) => [name, eventFilter(name)]))) },
    responses: { 200: json('A page', pageSchema(eventSchema)), ...problems('invalid-request', 'invalid-cursor') },
  });
  add('/api/events/{id}', 'get', {
    tags: ['ledger'],
    summary: 'One event',
    requestParams: { path: z.object({ id: z.string() }) },
    responses: { 200: json('The event', eventSchema), ...problems('not-found') },
  });
  add('/api/stream', 'get', streamOperation());
  add('/api/documents/{collection}/{id}', 'get', trailOperation([...schemas.keys()]));
  const programs = domains.map(({ module }) => module.name);
  for (const [path, method, operation] of [
    ...deadLetterOperations(),
    ...reconcileOperations(programs),
    ...signerOperations(),
    ...dispatcherOperations(),
    ...deliveryOperations(),
    ...eventRecordOperations(programs),
    ...wishOperations(),
    ...transactionOperations(),
  ]) {
    add(path, method, operation);
  }
  for (const [path, summary] of Object.entries({
    '/api/status': 'The whole system on one page',
    '/health/live': 'The process lives',
    '/health/ready': 'The system can be relied on: database, listener, lag. 503 when not.',
  })) {
    add(path, 'get', {
      tags: ['operations'],
      summary,
      responses: { 200: json('As it is', z.record(z.string(), z.unknown())) },
    });
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'mooring',
      version,
      description:
        'Documents that follow Solana programs. Writes go to the chain first; u64s are strings of digits; lists page by cursor.',
    },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' },
      },
    },
  });
}

function trailOperation(models: readonly Model[]): ZodOpenApiOperationObject {
  const version = eventSchema.pick({ id: true, name: true, slot: true, signature: true, data: true, state: true });
  const change = z.object({ before: z.unknown(), after: z.unknown() });
  const without = z.array(version.extend({ reason: z.string().nullable() }));
  const trail = z
    .object({
      collection: z.string(),
      address: z.string().optional(),
      id: z.string().optional(),
      atSlot: z.int().nullable(),
      exists: z.boolean().meta({ description: 'open at the end of that slot' }),
      document: z.record(z.string(), z.unknown()).nullable(),
      total: z.int(),
      events: z.array(
        version.extend({ effect: z.enum(['opened', 'changed', 'closed']), changes: z.record(z.string(), change) }),
      ),
      orphaned: without.meta({ description: 'versions that a fork dropped; the newest hundred' }),
      waiting: without.meta({ description: 'received or dead, no part of the document yet; the newest hundred' }),
      stored: z.boolean().meta({ description: 'the collection has a document of this key now' }),
      complete: z
        .object({ from: z.int(), to: z.int() })
        .nullable()
        .meta({ description: 'nothing of these slots is missing; of others there may be more than is shown' }),
      nextCursor: z.string().nullable(),
    })
    .meta({ id: 'AuditTrail', description: 'A document as of a slot, and the records that made it' });
  return {
    tags: ['ledger'],
    summary: 'A document as of any slot, computed from the ledger, with what made it in order',
    requestParams: {
      path: z.object({
        collection: z.enum(models.map(({ collection }) => collection)),
        id: z.string().meta({ description: 'an address, or an event id as encodeURIComponent writes it' }),
      }),
      query: queryOf({ atSlot: z.int().min(0).meta({ description: 'the end of this slot; now when left out' }) }),
    },
    responses: { 200: json('The trail', trail), ...problems('invalid-request', 'invalid-cursor', 'not-found') },
  };
}

function deadLetterOperations(): [string, 'get' | 'post', ZodOpenApiOperationObject][] {
  const tags = ['dead-letters'];
  const requestParams = { path: z.object({ id: z.string().meta({ description: 'as encodeURIComponent writes it' }) }) };
  const filters = Object.entries(DEAD_FILTERS).map(([name, choices]): [string, z.ZodType] => [
    name,
    choices === null ? z.string() : z.enum(choices),
  ]);
  const counts = z.object({ letter: z.int(), record: z.int() });
  const page = z.object({ items: z.array(deadLetterSchema), nextCursor: z.string().nullable(), counts });
  const write = (summary: string, outcomes: readonly [string, ...string[]]): ZodOpenApiOperationObject => ({
    ...{ tags, summary, requestParams, security: [{ bearer: [] }, { apiKey: [] }] },
    responses: {
      200: json('What became of it', z.looseObject({ id: z.string(), outcome: z.enum(outcomes) })),
      ...problems('unauthenticated', 'forbidden', 'not-found'),
    },
  });
  return [
    [
      '/api/dead-letters',
      'get',
      {
        ...{ tags, summary: 'What could not be decoded, fetched or handled, newest first, and how many there are' },
        requestParams: { query: queryOf(Object.fromEntries(filters)) },
        responses: { 200: json('A page', page), ...problems('invalid-request', 'invalid-cursor') },
      },
    ],
    [
      '/api/dead-letters/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them, with its bytes and what to do about it', requestParams },
        responses: { 200: json('The dead letter', deadLetterSchema), ...problems('not-found') },
      },
    ],
    [
      '/api/dead-letters/{id}/retry',
      'post',
      write('Tries it once more', ['recovered', 'revived', 'still-dead', 'not-installed']),
    ],
    ['/api/dead-letters/{id}/drop', 'post', write('Decides that it never takes effect', ['dropped', 'dropped-before'])],
  ];
}

function listOperation({ path, model, summary }: ReadRoute, schema: z.ZodType): ZodOpenApiOperationObject {
  return {
    tags: [resourceOf(path)],
    summary: `Lists ${summary}`,
    requestParams: { query: queryOf(modelFilters(model)) },
    responses: { 200: json('A page', pageSchema(schema)), ...problems('invalid-request', 'invalid-cursor') },
  };
}

function actionOperation(action: Action): ZodOpenApiOperationObject {
  const isPost = action.method === 'post';
  const own = action.refusals.filter((code): code is ProblemCode => Object.hasOwn(PROBLEMS, code));
  const ofBodies = ['invalid-json', 'body-too-large', 'unsupported-media-type'] as const;
  return {
    tags: [resourceOf(action.path)],
    operationId: action.name,
    summary: action.summary,
    requestParams: {
      ...(action.path.includes(':') ? { path: action.params as unknown as z.ZodObject } : {}),
      ...(isPost ? {} : { query: action.query as unknown as z.ZodObject }),
    },
    ...(isPost ? { requestBody: { required: true, content: { 'application/json': { schema: action.body } } } } : {}),
    responses: {
      [action.status]: json('Done', action.answer),
      ...problems('invalid-request', ...(isPost ? ofBodies : []), ...own, 'rate-limited'),
    },
  };
}

/** What a list can be filtered by, with what has to be given beside it. */
function modelFilters(model: Model): Record<string, z.ZodType> {
  return Object.fromEntries(
    filterFields(model).map((name) => {
      const field = model.fields[name] as Field;
      const beside = filtersBeside(model, name);
      const condition = beside.length === 0 ? [] : [`only together with ${beside.join(' or ')}`];
      const what = [field.choices ? [] : filterWords(field), condition].flat().join('; ');
      const schema = field.choices ? z.enum([...field.choices]) : z.string();
      return [name, what === '' ? schema : schema.meta({ description: what })];
    }),
  );
}

function eventFilter(name: string): z.ZodType {
  const choices = EVENT_CHOICES[name];
  if (choices) return z.enum([...choices]);
  return name === 'address' ? z.string().meta({ description: 'events that changed its document' }) : z.string();
}

function openApiPath(path: string): string {
  return path.replace(/:(\w+)/g, '{$1}');
}
