import { expect, it } from 'vitest';
import { dispatcherSchema, dryRunSchema } from '../../../src/api/dispatcher-request.js';
import { Problem } from '../../../src/api/problem.js';
import { validated } from '../../../src/api/request-validation.js';
import { sendEventSchema, sendEventsSchema } from '../../../src/api/send-event-request.js';

const dispatcher = { dispatchable: { kind: 'job', job: 'a', version: '1' }, events: ['a'] };
const event = { id: '1', name: 'a', payload: {} };

it.each([
  ['a dry run without its event', dryRunSchema, {}, 'event', 'is missing: must be a JSON object'],
  ['a dry run of a text', dryRunSchema, { event: 'a' }, 'event', 'must be a JSON object'],
  [
    'an order that is no list',
    dispatcherSchema([], false),
    { ...dispatcher, orderBy: 'x' },
    'orderBy',
    'must be a list of keys',
  ],
  [
    'names that are no list',
    dispatcherSchema([], false),
    { ...dispatcher, events: '' },
    'events',
    'must be a list of names of events',
  ],
  [
    'a dispatcher of nothing',
    dispatcherSchema([], false),
    { events: ['a'] },
    'dispatchable',
    'is missing: must be an object with a kind: webhook, job, dynamic-trigger',
  ],
  [
    'an event without a payload',
    sendEventSchema([]),
    { id: '1', name: 'a' },
    'payload',
    'is missing: must be a JSON object',
  ],
  ['a payload that is a text', sendEventSchema([]), { ...event, payload: 'x' }, 'payload', 'must be a JSON object'],
  ['events that are no list', sendEventsSchema([]), { events: '' }, 'events', 'must be a list of events'],
  ['events that are none', sendEventsSchema([]), { events: ['x'] }, 'events.0', 'must be a JSON object'],
] as const)('%s is one mistake, in words of ours', (_, schema, body, field, message) => {
  let refused: unknown;
  try {
    validated<unknown>(schema, body);
  } catch (error) {
    refused = error;
  }
  expect(refused).toBeInstanceOf(Problem);
  expect((refused as Problem).more).toMatchObject({ errors: [{ field, message }] });
});
