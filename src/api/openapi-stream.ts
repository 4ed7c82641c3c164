import { z } from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { problems } from './openapi-parts.js';
import { STREAM_PARAMETERS } from './stream-request.js';

const itemSchema = z
  .object({
    kind: z.enum(['event', 'slot']),
    program: z.string(),
    slot: z.int(),
    cursor: z.string().meta({ description: 'to go on from after this item; the `id:` of the message as well' }),
    id: z.string().optional(),
    name: z.string().optional(),
    signature: z.string().optional(),
    data: z.unknown(),
    generation: z.int().optional().meta({ description: 'a higher one of the same id replaces what was told before' }),
    late: z.boolean().optional().meta({ description: 'became final after its slot had been stable' }),
    blockhash: z.string().nullable().optional(),
    blockTime: z.string().nullable().optional(),
  })
  .meta({ id: 'StreamItem', description: 'An event that is final, or the slot up to which all were told' });

const DESCRIPTIONS: Readonly<Record<(typeof STREAM_PARAMETERS)[number], string>> = {
  program: 'may be left out where one alone is installed',
  from: '`now` (when left out), `start`, a slot, or a cursor',
  name: 'names of events, separated by commas; all when left out',
};

/** The stable stream, as OpenAPI can say it. */
export function streamOperation(): ZodOpenApiOperationObject {
  const parameters = STREAM_PARAMETERS.map((name) => [
    name,
    z.string().optional().meta({ description: DESCRIPTIONS[name] }),
  ]);
  return {
    tags: ['ledger'],
    summary: 'Final events in the order of the chain, as Server-Sent Events that go on from where they were',
    requestParams: {
      query: z.object(Object.fromEntries(parameters) as Record<string, z.ZodType>),
      header: z.object({
        'last-event-id': z.string().optional().meta({ description: 'a cursor; goes before `from`' }),
      }),
    },
    responses: {
      200: {
        description: 'The stream: messages `event` and `slot`, each with an item in JSON',
        content: { 'text/event-stream': { schema: itemSchema } },
      },
      ...problems('invalid-request', 'invalid-cursor', 'cursor-expired', 'too-many-streams'),
    },
  };
}
