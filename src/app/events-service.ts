import { loadDotEnv, readConfig, type Config } from '../config/env.js';
import { deliverEvent, type DeliverOutcome } from '../delivery/desk/deliver-event.js';
import { invokeDispatcher, type InvokeOutcome } from '../delivery/desk/invoke-dispatcher.js';
import { reachOf } from '../delivery/dispatchers/reach-of.js';
import { environments } from '../delivery/environments/environment-store.js';
import { ingestSendEvent, type Ingested } from '../delivery/records/ingest-send-event.js';
import type { SendEvent, SendOptions } from '../delivery/records/send-event.js';
import { systemClock } from '../lib/clock.js';
import { MooringError } from '../lib/errors.js';
import { connectMongo } from '../store/mongo-connection.js';
import { createLogger } from '../telemetry/logger.js';
import { createMetrics } from '../telemetry/metrics.js';
import { deliveryHints } from './delivery-hints.js';
import { requiredDatabase } from './required-endpoints.js';

/** The events service without HTTP. A process that delivers has to run somewhere (docs/deliveries.md). */
export interface EventsService {
  /** Takes in an event of the environment of this slug. @throws MooringError `unknown-environment` */
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
 * @throws MooringError `database-unreachable`
 */
export async function openEventsService(given?: Config): Promise<EventsService> {
  if (!given) loadDotEnv();
  const config = given ?? readConfig();
  const mongo = await connectMongo(requiredDatabase(config), config.mongodbDatabase);
  const { db } = mongo;
  const hint = deliveryHints({ mongo, log: createLogger(config) });
  const deps = { ...mongo, clock: systemClock, metrics: createMetrics(), wake: hint };
  return {
    ingestSendEvent: async (slug, event, options) => {
      const environment = await environments(db).findOne({ slug });
      if (!environment) throw new MooringError('unknown-environment', `There is no environment ${slug}.`);
      const ingested = await ingestSendEvent(deps, environment._id, event, options);
      hint();
      return ingested;
    },
    deliverEvent: (id) => deliverEvent({ ...deps, reach: (record) => reachOf(db, record) }, id),
    invokeDispatcher: (dispatcher, record) => invokeDispatcher(deps, dispatcher, record),
    close: () => mongo.close(),
  };
}
