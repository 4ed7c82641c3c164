import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { DELIVERY_STATES } from '../delivery/desk/delivery.js';
import { JOB_RUN_STATES } from '../delivery/jobs/job-run.js';
import { pageSchema } from './model-schema.js';
import { json, problems, queryOf } from './openapi-parts.js';
import { DELIVERY_FILTERS } from './routes/delivery-routes.js';
import { invokeSchema, replaySchema, resendFailedSchema } from './routes/dispatcher-delivery-routes.js';
import { JOB_RUN_FILTERS } from './routes/job-run-routes.js';

type Operations = [string, 'get' | 'post', ZodOpenApiOperationObject][];

const security = [{ bearer: [] }, { apiKey: [] }];
const moment = z.string().nullable();
const delivery = z.object({
  id: z.string().meta({ description: '`<event record>/<dispatcher>`, as encodeURIComponent writes it in paths' }),
  ...{ environment: z.string(), record: z.string(), dispatcher: z.string(), eventName: z.string() },
  messageId: z.string().meta({ description: '`webhook-id` of every try' }),
  state: z.enum(DELIVERY_STATES).meta({ description: 'waiting: behind an earlier one of its order key' }),
  ...{ isFollowUp: z.boolean(), isTest: z.boolean() },
  dueAt: moment.meta({ description: 'of the next try; while one is under way: when it is taken for dead' }),
  isUnderWay: z.boolean(),
  ...{ attempts: z.int(), error: z.string().nullable(), orderKey: z.string().nullable() },
  run: z.string().nullable().meta({ description: 'the job run that was made of it' }),
  ...{ createdAt: z.string(), endedAt: moment },
});
const attempt = z.object({
  ...{ number: z.int(), at: z.string(), durationMs: z.int().nullable(), status: z.int().nullable() },
  ...{ response: z.string().nullable(), error: z.string().nullable() },
});
const listedDelivery = delivery.meta({ id: 'Delivery', description: 'An event on its way to a dispatcher' });
const wholeDelivery = delivery.extend({ history: z.array(attempt) }).meta({ id: 'DeliveryWithHistory' });
const run = z.object({
  ...{ id: z.string(), environment: z.string(), job: z.string(), version: z.string() },
  ...{ state: z.enum(JOB_RUN_STATES), attempts: z.int(), error: z.string().nullable() },
  ...{ record: z.string(), dispatcher: z.string(), delivery: z.string(), isCancelWanted: z.boolean() },
  ...{ dueAt: moment, startedAt: moment, createdAt: z.string(), endedAt: moment },
});
const listedRun = run.meta({ id: 'JobRun', description: 'A job on its way through an event' });
const wholeRun = run
  .extend({
    history: z.array(
      z.object({ number: z.int(), startedAt: z.string(), endedAt: z.string(), error: z.string().nullable() }),
    ),
    logs: z.array(z.object({ at: z.string(), attempt: z.int(), message: z.string(), data: z.unknown() })),
  })
  .meta({ id: 'JobRunWithLogs' });
const ofBodies = ['invalid-request', 'invalid-json', 'body-too-large', 'unsupported-media-type'] as const;
const ofKeys = ['unauthenticated', 'forbidden'] as const;
const byId = { path: z.object({ id: z.string() }) };

/** The operations on deliveries and job runs, and those that have dispatchers told. */
export function deliveryOperations(): Operations {
  return [...ofDeliveries(), ...ofDispatchers(), ...ofRuns()];
}

function filtersOf(known: Readonly<Record<string, readonly string[] | null>>) {
  return queryOf(
    Object.fromEntries(
      Object.entries(known).map(([name, choices]) => [name, choices === null ? z.string() : z.enum(choices)]),
    ),
  );
}

function ofDeliveries(): Operations {
  const tags = ['deliveries'];
  return [
    [
      '/api/deliveries',
      'get',
      {
        ...{ tags, summary: "Deliveries of the key's environment, newest first", security },
        requestParams: { query: filtersOf(DELIVERY_FILTERS) },
        responses: {
          200: json('A page', pageSchema(listedDelivery)),
          ...problems('invalid-request', 'invalid-cursor', ...ofKeys),
        },
      },
    ],
    [
      '/api/deliveries/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them, with its tries', security, requestParams: byId },
        responses: { 200: json('The delivery', wholeDelivery), ...problems(...ofKeys, 'not-found') },
      },
    ],
    [
      '/api/deliveries/{id}/resend',
      'post',
      {
        ...{ tags, summary: 'Sends it anew now, whatever became of it', security, requestParams: byId },
        responses: {
          202: json('It is due', wholeDelivery),
          ...problems(...ofKeys, 'not-found', 'conflict'),
        },
      },
    ],
  ];
}

function ofDispatchers(): Operations {
  const told = (
    action: string,
    summary: string,
    schema: z.ZodType | null,
    answer: Record<string, ReturnType<typeof json>>,
  ): Operations[number] => [
    `/api/dispatchers/{id}/${action}`,
    'post',
    {
      ...{ tags: ['dispatchers'], summary, security, requestParams: byId },
      ...(schema ? { requestBody: { required: true, content: { 'application/json': { schema } } } } : {}),
      responses: { ...answer, ...problems(...ofBodies, ...ofKeys, 'not-found', 'conflict') },
    },
  ];
  const named = z.object({ dispatcher: z.string() });
  const replayed = named.extend({
    ...{ records: z.int(), matched: z.int(), created: z.int(), repeated: z.int() },
    next: z
      .object({ from: z.string(), to: z.string(), after: z.string(), force: z.boolean() })
      .nullable()
      .meta({ description: 'the body of the next request; null: the span is done' }),
  });
  const tested = named.extend({
    messageId: z.string(),
    outcome: z.looseObject({ kind: z.enum(['answered', 'no-answer', 'forbidden', 'stopped']) }),
  });
  return [
    told('invoke', 'Has it told of an event, whatever its filters say', invokeSchema, {
      202: json('It is due', wholeDelivery),
    }),
    told('resend-failed', 'Sends anew what failed or was cancelled since a time', resendFailedSchema, {
      202: json('They are due', named.extend({ resent: z.int() })),
    }),
    told(
      'replay',
      'Matches the events of a span anew, 2,000 records at once, and has it told of those it was not told of',
      replaySchema,
      { 202: json('What was done of it', replayed) },
    ),
    told('test', 'Sends its endpoint a test event now; nothing is stored, and a success ends its rest', null, {
      200: json('What the endpoint answered', tested),
    }),
  ];
}

function ofRuns(): Operations {
  const tags = ['job-runs'];
  return [
    [
      '/api/job-runs',
      'get',
      {
        ...{ tags, summary: "Job runs of the key's environment, newest first", security },
        requestParams: { query: filtersOf(JOB_RUN_FILTERS) },
        responses: {
          200: json('A page', pageSchema(listedRun)),
          ...problems('invalid-request', 'invalid-cursor', ...ofKeys),
        },
      },
    ],
    [
      '/api/job-runs/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them, with its attempts and what it wrote', security, requestParams: byId },
        responses: { 200: json('The run', wholeRun), ...problems(...ofKeys, 'not-found') },
      },
    ],
    [
      '/api/job-runs/{id}/cancel',
      'post',
      {
        ...{ tags, summary: 'Ends it', security, requestParams: byId },
        responses: {
          200: json('It had not begun, and never will', wholeRun),
          202: json('Whoever runs it was asked to end it', wholeRun),
          ...problems(...ofKeys, 'not-found', 'conflict'),
        },
      },
    ],
  ];
}
