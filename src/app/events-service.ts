import { sendEventSchema } from '../api/send-event-request.js';
import { validated } from '../api/request-validation.js';
import { Problem, type FieldError } from '../api/problem.js';
import { loadDotEnv, readConfig, type Config } from '../config/env.js';
import { deliverEvent, type DeliverOutcome } from '../delivery/desk/deliver-event.js';
import { invokeDispatcher, type InvokeOutcome } from '../delivery/desk/invoke-dispatcher.js';
import { reachOf } from '../delivery/dispatchers/reach-of.js';
import { environments } from '../delivery/environments/environment-store.js';
import { ingestSendEvent, type Ingested } from '../delivery/records/ingest-send-event.js';
import type { SendEvent, SendOptions } from '../delivery/records/send-event.js';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { readDatabaseTime } from '../store/database-time.js';
import { connectMongo } from '../store/mongo-connection.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics } from '../telemetry/metrics.js';
import { followDatabaseClock } from './database-clock.js';
import { deliveryHints } from './delivery-hints.js';
import { installedDomains } from './installed-domains.js';
import { requiredDatabase } from './required-endpoints.js';

/** The events service without HTTP. A process that delivers has to run somewhere (docs/deliveries.md). */
export interface EventsService {
  /**
   * Takes in an event of the environment of this slug, by the rules of `POST /api/event-records`.
   * @throws MooringError `event-invalid` with what is wrong where, `unknown-environment`
   */
  ingestSendEvent(environment: string, event: SendEvent, options?: SendOptions): Promise<Ingested>;
  /** Gives a record that is due its deliveries now instead of when its desk comes to it. */
  deliverEvent(id: string): Promise<DeliverOutcome>;
  /** Has a dispatcher told of a record, whatever its filters say. */
  invokeDispatcher(dispatcherId: string, eventRecordId: string): Promise<InvokeOutcome>;
  /** Closes its connection. */
  close(): Promise<void>;
}

/**
 * Opens it over the database of `config`; unset: the environment (.env).
 * @throws MooringError `database-unreachable`, and what is wrong with MOORING_DOMAINS
 */
export async function openEventsService(given?: Config): Promise<EventsService> {
  if (!given) loadDotEnv();
  const config = given ?? readConfig();
  const programs = (await installedDomains(config)).map(({ module }) => module.name);
  const schema = sendEventSchema(programs);
  const mongo = await connectMongo(requiredDatabase(config), config.mongodbDatabase);
  const { db } = mongo;
  const log = createLogger(config);
  const hint = deliveryHints({ mongo, log });
  const readTime = () => readDatabaseTime(db);
  const following = await followDatabaseClock({ clock: systemClock, log, readTime }).catch(async (error: unknown) => {
    await mongo.close();
    throw error;
  });
  const deps = { ...mongo, clock: following.clock, metrics: createMetrics(), wake: hint };
  return {
    ingestSendEvent: async (slug, given, wished = {}) => {
      const { event, options } = checked(schema, given, wished);
      const environment = await environments(db).findOne({ slug });
      if (!environment) throw new MooringError('unknown-environment', `There is no environment ${slug}.`);
      const ingested = await ingestSendEvent(deps, environment._id, event, options);
      hint();
      return ingested;
    },
    deliverEvent: (id) => deliverEvent({ ...deps, reach: (record) => reachOf(db, record) }, id),
    invokeDispatcher: (dispatcher, record) => invokeDispatcher(deps, dispatcher, record),
    close: async () => {
      await following.stop();
      await mongo.close();
    },
  };
}

/** What a program sends is held to what a request is: a desk and every receiver rely on it. */
function checked(
  schema: ReturnType<typeof sendEventSchema>,
  event: SendEvent,
  options: SendOptions,
): { readonly event: SendEvent; readonly options: SendOptions } {
  const body = { ...event, ...options, timestamp: timeText(event.timestamp), deliverAt: timeText(options.deliverAt) };
  try {
    const { accountId, deliverAt, deliverAfter, ...sent } = validated(schema, body);
    return { event: sent, options: { accountId, deliverAt, deliverAfter } };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const faults = (error.more['errors'] as readonly FieldError[]).map(({ field, message }) => `${field} ${message}`);
    throw new MooringError('event-invalid', `The event cannot be taken in: ${faults.join('; ')}.`, { cause: error });
  }
}

function timeText(given: unknown): unknown {
  if (!(given instanceof Date)) return given;
  return Number.isNaN(given.getTime()) ? String(given) : given.toISOString();
}
