import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { json, problems, queryOf } from './openapi-parts.js';
import { RECONCILE_SCOPES, RECONCILE_STATES } from './ports.js';
import { reconcileRequestSchema } from './routes/reconcile-routes.js';

const count = z.int();
const runSchema = z
  .object({
    id: z.string(),
    program: z.string(),
    scope: z.enum(RECONCILE_SCOPES),
    trigger: z.enum(['schedule', 'command', 'api']),
    state: z.enum(RECONCILE_STATES),
    by: z.string().nullable().meta({ description: 'the process that makes it' }),
    requestedAt: z.string(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    durationMs: z.int().nullable(),
    slot: z.int().nullable().meta({ description: 'the oldest finalized slot an account was read at' }),
    counts: z.object({
      ...{ accounts: count, documents: count, missing: count, drifted: count, orphaned: count, marked: count },
      ...{ unrecorded: count, unsettled: count, repaired: count, left: count, recovered: count },
    }),
    differences: z.array(
      z.object({
        collection: z.string(),
        key: z.string(),
        kind: z.enum(['drift', 'missing', 'orphaned', 'unrecorded']),
        fields: z.array(z.object({ field: z.string(), before: z.unknown(), after: z.unknown() })),
      }),
    ),
    omitted: z.int().meta({ description: 'so many more differences are counted only' }),
    cost: z.object({ requests: count, credits: count, byMethod: z.record(z.string(), count) }),
    notes: z.array(z.string()).meta({ description: 'what stood in the way of a complete look' }),
    error: z.string().nullable(),
  })
  .meta({ id: 'ReconcileRun', description: 'One comparison of a program with the chain' });

/** The operations on reconcile runs. */
export function reconcileOperations(
  programs: readonly string[],
): [string, 'get' | 'post', ZodOpenApiOperationObject][] {
  const tags = ['reconcile-runs'];
  const page = z.object({ items: z.array(runSchema), nextCursor: z.string().nullable() });
  const filters = { program: z.string(), state: z.enum(RECONCILE_STATES) };
  return [
    [
      '/api/reconcile-runs',
      'get',
      {
        ...{ tags, summary: 'Comparisons of MongoDB with the chain, newest first: what was wrong, and what it cost' },
        requestParams: { query: queryOf(filters) },
        responses: { 200: json('A page', page), ...problems('invalid-request', 'invalid-cursor') },
      },
    ],
    [
      '/api/reconcile-runs/{id}',
      'get',
      {
        ...{ tags, summary: 'One of them' },
        requestParams: { path: z.object({ id: z.string() }) },
        responses: { 200: json('The run', runSchema), ...problems('not-found') },
      },
    ],
    [
      '/api/reconcile-runs',
      'post',
      {
        ...{ tags, summary: 'Asks for one now: whoever reconciles begins within a second or so' },
        security: [{ bearer: [] }, { apiKey: [] }],
        requestBody: { content: { 'application/json': { schema: reconcileRequestSchema(programs) } } },
        responses: {
          202: json('Asked for: see Location', runSchema),
          ...problems('invalid-request', 'invalid-json', 'unauthenticated', 'forbidden', 'unsupported-media-type'),
        },
      },
    ],
  ];
}
