import { z } from 'zod';
import type { Dispatchable } from '../delivery/dispatchers/dispatcher.js';
import type { DispatcherDefinition, Target } from '../delivery/dispatchers/dispatcher-definition.js';
import type { Addressed } from '../delivery/dispatchers/who-gets.js';
import { checkFilter } from '../delivery/matching/check-filter.js';
import { chainEventName, programOf } from '../delivery/records/chain-event-name.js';
import { CHAIN_SOURCE, DEFAULT_SOURCE } from '../delivery/records/send-event.js';
import { forbiddenUrl } from '../delivery/webhooks/webhook-url.js';
import { accountIdentifier, jsonObject } from './send-event-request.js';

/** Of names, ids and keys. */
const MAX_CHARACTERS = 200;
const MAX_URL_CHARACTERS = 2_048;
const MAX_EVENTS = 100;
const MAX_ORDER_KEYS = 10;
const MAX_CONCURRENCY = 100;
const DEFAULT_CONCURRENCY = 10;
const MAX_RATE_PER_SECOND = 1_000;
const MIN_TIMEOUT_MS = 1_000;
/** Standard Webhooks: 15 to 30 s. */
const MAX_TIMEOUT_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 15_000;
/** Whom a dry run is asked about by name. */
const MAX_ASKED = 100;

const KINDS = ['webhook', 'job', 'dynamic-trigger'] as const satisfies readonly Dispatchable['kind'][];
const FILTER_MODES = ['strict', 'trigger'] as const;
const COMMITMENTS = ['confirmed', 'finalized'] as const;

const name = z
  .string({ error: 'must be a text' })
  .min(1, 'must not be empty')
  .max(MAX_CHARACTERS, `must have at most ${MAX_CHARACTERS} characters`);
const flag = z.boolean({ error: 'must be true or false' });
function whole(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, error).max(max, error);
}

/** A dispatcher as it is asked for: its account by the name that the application has for it. */
export type DispatcherWish = Omit<DispatcherDefinition, 'account'> & { readonly accountId: string | null };

/** An event of a dry run, with its account by that name. */
export type DryEvent = Omit<Addressed, 'environment' | 'account'> & { readonly accountId: string | null };

const ACCOUNT = "only events of this external account, by the application's name for it; made where it is not known";

/** What a dispatcher invokes, as it is asked for. */
function targetSchema(allowPrivate: boolean): z.ZodType<Target> {
  const url = z
    .string({ error: 'must be a text' })
    .max(MAX_URL_CHARACTERS, `must have at most ${MAX_URL_CHARACTERS} characters`)
    .superRefine((text, context) => {
      const message = forbiddenUrl(text, allowPrivate);
      if (message !== null) context.addIssue({ code: 'custom', message });
    });
  return z.discriminatedUnion(
    'kind',
    [
      z.strictObject({
        kind: z.literal('webhook'),
        url,
        concurrency: whole(1, MAX_CONCURRENCY)
          .default(DEFAULT_CONCURRENCY)
          .meta({ description: 'requests under way at once' }),
        ratePerSecond: z
          .number({ error: 'must be a number' })
          .positive('must be above 0')
          .max(MAX_RATE_PER_SECOND, `must be at most ${MAX_RATE_PER_SECOND}`)
          .nullable()
          .default(null)
          .meta({ description: 'requests a second; null: no limit' }),
        timeoutMs: whole(MIN_TIMEOUT_MS, MAX_TIMEOUT_MS).default(DEFAULT_TIMEOUT_MS),
      }),
      z.strictObject({ kind: z.literal('job'), job: name, version: name }),
      z.strictObject({ kind: z.literal('dynamic-trigger'), trigger: name, url }),
    ],
    { error: `must be an object with a kind: ${KINDS.join(', ')}` },
  );
}

/** A program that runs here, and the names of its events. */
export interface NamedProgram {
  readonly name: string;
  readonly events: readonly string[];
}

/**
 * The body of a PUT of a dispatcher: what it says is the whole of it. `programs`: whose events there can be. `allowPrivate`: of
 * webhooks, for development.
 */
export function dispatcherSchema(programs: readonly NamedProgram[], allowPrivate: boolean) {
  return z
    .strictObject({
      dispatchable: targetSchema(allowPrivate),
      events: z
        .array(name, { error: 'must be a list of names of events' })
        .min(1, 'must have at least one name')
        .max(MAX_EVENTS, `must have at most ${MAX_EVENTS} names`)
        .transform((names) => [...new Set(names)])
        .meta({ description: 'names of events' }),
      source: name
        .default(DEFAULT_SOURCE)
        .meta({ description: 'where they come from: `chain`, or what an application sends as their source' }),
      filter: z.unknown().default({}).meta({ description: 'by payload and context: docs/filters.md' }),
      filterMode: z
        .enum(FILTER_MODES, { error: `must be ${FILTER_MODES.join(' or ')}` })
        .default('strict')
        .meta({ description: 'trigger: as eventFilterMatches of trigger.dev reads it' }),
      commitment: z
        .enum(COMMITMENTS, { error: `must be ${COMMITMENTS.join(' or ')}` })
        .default('finalized')
        .meta({
          description: 'chain events: told when confirmed, and again when a fork drops them, or only when final',
        }),
      accountId: accountIdentifier.nullable().default(null).meta({ description: ACCOUNT }),
      manual: flag.default(false).meta({ description: 'invoked by hand only' }),
      enabled: flag.optional().meta({ description: 'as it is when left out; a new one is enabled' }),
      orderBy: z
        .array(name, { error: 'must be a list of keys' })
        .min(2, 'must have payload or context and a key there')
        .max(MAX_ORDER_KEYS, `must have at most ${MAX_ORDER_KEYS} keys`)
        .refine(([part]) => part === 'payload' || part === 'context', 'must begin with payload or context')
        .nullable()
        .default(null)
        .meta({ description: 'keys into the event whose value orders its deliveries: ["payload", "owner"]' }),
    })
    .superRefine(({ events, source, filter, filterMode }, context) => {
      for (const [at, event] of events.entries()) {
        const message = nameFault(event, source, programs);
        if (message !== null) context.addIssue({ code: 'custom', path: ['events', at], message });
      }
      for (const { place, message } of checkFilter(filter, filterMode)) {
        context.addIssue({ code: 'custom', path: [place], message });
      }
    })
    .transform((body): DispatcherWish => ({ ...body, filter: body.filter as DispatcherDefinition['filter'] }));
}

/** Why nobody will ever hear of an event of this name from there; null: somebody may. */
function nameFault(event: string, source: string, programs: readonly NamedProgram[]): string | null {
  const owner = programOf(
    event,
    programs.map(({ name }) => name),
  );
  const program = programs.find(({ name }) => name === owner);
  if (source !== CHAIN_SOURCE) {
    return program ? `is an event of a program, which are of the source "${CHAIN_SOURCE}": say so` : null;
  }
  if (program?.events.some((one) => chainEventName(program.name, one) === event)) return null;
  if (event.endsWith('.orphaned')) return 'is told to whoever was told of the event itself: name that one';
  const known = program ? [program] : programs;
  const names = known.flatMap(({ name, events }) => events.map((one) => chainEventName(name, one)));
  return `is no event of a program that runs here; names are exact, and there are: ${names.join(', ')}`;
}

/** The name that a dispatcher has in the path. */
export const dispatchableIdSchema = z.strictObject({ dispatchableId: name });

/** Of a request for a new secret. */
export const rotationSchema = z.strictObject({
  keepOld: flag
    .default(true)
    .meta({ description: 'sign with the one before it as well, until the next rotation; false where it was seen' }),
});

/** An event that nobody sent, for which somebody wants to know whom it would reach. */
export const dryRunSchema = z.strictObject({
  event: z
    .strictObject({
      name,
      source: name.default(DEFAULT_SOURCE),
      payload: jsonObject.default({}),
      context: jsonObject.default({}),
      accountId: accountIdentifier.nullable().default(null),
      commitment: z
        .enum(COMMITMENTS, { error: `must be ${COMMITMENTS.join(' or ')}` })
        .optional()
        .meta({ description: 'of source `chain`: finalized when left out' }),
    })
    .transform(({ commitment, ...event }): DryEvent => ({
      ...event,
      commitment: event.source === CHAIN_SOURCE ? (commitment ?? 'finalized') : null,
    })),
  dispatchers: z
    .array(name, { error: 'must be a list of ids' })
    .max(MAX_ASKED, `must have at most ${MAX_ASKED} ids`)
    .optional()
    .meta({ description: 'ids, to be told of these alone' }),
});

/** Filters of the list of dispatchers, with their values where they have few. */
export const DISPATCHER_FILTERS = {
  dispatchableId: null,
  event: null,
  source: null,
  accountId: null,
  kind: KINDS,
  enabled: ['true', 'false'],
  manual: ['true', 'false'],
} as const satisfies Readonly<Record<string, readonly string[] | null>>;
