import { z } from 'zod';
import { programOf } from '../delivery/records/chain-event-name.js';
import { CHAIN_SOURCE } from '../delivery/records/send-event.js';

/** Events in one request at most. */
export const MAX_EVENTS = 100;
/** MongoDB nests documents 100 deep; the payload stands in one. */
const MAX_DEPTH = 80;
const MAX_ID = 256;
const MAX_NAME = 200;
const A_YEAR_SECONDS = 365 * 24 * 3_600;
/** How the relay names its records: `<event>~<generation>/<commitment>`. */
const CHAIN_EVENT_ID = /~\d+\/(confirmed|finalized|orphaned)$/;
/** The one is lost on the way through JavaScript, the other has the driver take an object for a number or an id. */
const RESERVED_NAMES = new Set(['__proto__', '_bsontype']);
const CONTROL = /\p{Cc}/u;
/** One half of a character: the database would keep a replacement for it, the same for all of them. */
const HALF = /\p{Cs}/u;
const HALF_FAULT = 'must have no halves of characters (lone surrogates)';

/** A text for people and lists: one line, not empty. */
const line = (most: number) =>
  z
    .string('must be a text')
    .min(1, 'must not be empty')
    .max(most, `must have at most ${most} characters`)
    .refine((text) => !CONTROL.test(text), 'must have no control characters, such as line breaks')
    .refine((text) => !HALF.test(text), HALF_FAULT);

/** A JSON object that the database gives back as it was. */
export const jsonObject = z
  .unknown()
  .superRefine((value, context) => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    const fault = isObject ? faultOf(value, 1) : 'must be a JSON object';
    if (fault !== null) context.addIssue({ code: 'custom', message: fault });
  })
  // Not z.record: it leaves a name like __proto__ out without a word.
  .transform((value) => value as Readonly<Record<string, unknown>>)
  .meta({ override: { type: 'object', additionalProperties: true } });

const instant = z.iso
  .datetime({ offset: true, error: 'must be a time such as 2026-01-31T12:00:00Z' })
  .transform((text) => new Date(text));

/** The application's name of an external account. */
export const accountIdentifier = line(MAX_ID);

/** The body that sends one event. `programs`: names of modules, whose events nobody but the chain may send. */
export function sendEventSchema(programs: readonly string[]) {
  return z.strictObject({
    id: line(MAX_ID)
      .refine((id) => !CHAIN_EVENT_ID.test(id), 'must not end as the ids of chain events do; add something to it')
      .meta({
        description:
          "your own id of the event: sent again, it is the same event (a retry, or a scheduled one's change)",
      }),
    name: line(MAX_NAME).refine((name) => programOf(name, programs) === undefined, {
      error: ({ input }) => {
        const reserved = programOf(String(input), programs) ?? '';
        return `must not begin with "${reserved}.": so begin the events of the program ${reserved}; name it otherwise`;
      },
    }),
    payload: jsonObject,
    context: jsonObject.optional(),
    source: line(MAX_NAME)
      .refine((source) => source !== CHAIN_SOURCE, 'must not be "chain", which only chain events are of; name your own')
      .optional(),
    timestamp: instant.optional(),
    isTest: z.boolean('must be true or false').optional(),
    accountId: accountIdentifier.optional(),
    deliverAt: instant.optional(),
    deliverAfter: z
      .int('must be a whole number of seconds')
      .min(0, 'must not be negative: leave it out to deliver at once')
      .max(A_YEAR_SECONDS, 'must be at most a year in seconds; say a later time with deliverAt')
      .optional()
      .meta({ description: 'seconds; deliverAt goes before it' }),
  });
}

/** The body that sends several. */
export function sendEventsSchema(programs: readonly string[]) {
  const events = z
    .array(sendEventSchema(programs), 'must be a list of events')
    .min(1, 'must name at least one event')
    .max(MAX_EVENTS, `must have at most ${MAX_EVENTS} events; send the rest in another request`);
  return z.strictObject({ events });
}

/** What the database would refuse or give back as something else; null where it does neither. */
function faultOf(value: unknown, depth: number): string | null {
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must have no numbers beyond 1.7e308; send a text';
  if (typeof value === 'string') return HALF.test(value) ? HALF_FAULT : null;
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return null;
  if (typeof value !== 'object') return `must be JSON, and has a ${typeof value} in it: send a text`;
  if (!isPlain(value)) return `must be JSON, and has a ${value.constructor.name} in it: send a text`;
  if (Object.hasOwn(value, '$ref') && Object.hasOwn(value, '$id')) {
    return 'must have no object with both $ref and $id, which the database takes for a reference; name one otherwise';
  }
  if (depth > MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH} levels`;
  for (const [name, inner] of Object.entries(value)) {
    if (HALF.test(name)) return HALF_FAULT;
    if (name.includes('\0')) return 'must have no names with a NUL character in them';
    if (RESERVED_NAMES.has(name)) return `must have nothing named ${name}; name it otherwise`;
    const fault = faultOf(inner, depth + 1);
    if (fault !== null) return fault;
  }
  return null;
}

/** What JSON has: in a program's hands there is more. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
