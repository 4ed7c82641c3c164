import { Router } from 'express';
import { z } from 'zod';
import type { Dispatcher } from '../../delivery/dispatchers/dispatcher.js';
import type { InvokeOutcome } from '../../delivery/desk/invoke-dispatcher.js';
import type { ReplayReport, ReplaySpan } from '../../delivery/desk/replay-records.js';
import { sendFailedAnew } from '../../delivery/desk/send-anew.js';
import type { TestOutcome } from '../../delivery/desk/try-dispatcher.js';
import { environmentOf } from '../authenticate.js';
import { deliveryWithHistory } from '../delivery-view.js';
import { Problem } from '../problem.js';
import { jsonBody, validated, noFields } from '../request-validation.js';
import { TAKEN_BACK, type DeliveryRouteDeps } from './delivery-routes.js';
import { noDispatcher } from './dispatcher-routes.js';

/** What can be done to have a dispatcher told. */
export interface DispatcherTelling {
  /** Null: the environment has no such dispatcher. */
  readonly find: (environment: string, id: string) => Promise<Dispatcher | null>;
  readonly invoke: (environment: string, dispatcher: string, record: string) => Promise<InvokeOutcome>;
  readonly replay: (dispatcher: Dispatcher, span: ReplaySpan) => Promise<ReplayReport>;
  readonly tryOut: (dispatcher: Dispatcher, signal: AbortSignal) => Promise<TestOutcome>;
}

const moment = z.iso.datetime({ offset: true, message: 'must be a time in ISO 8601, as in 2026-01-31T12:00:00Z' });
export const invokeSchema = z.strictObject({ eventRecordId: z.string().min(1, 'must name an event record') });
export const resendFailedSchema = z.strictObject({ since: moment });
export const replaySchema = z
  .strictObject({
    from: moment,
    to: moment,
    /** As the answer before gave it. */
    after: z.string().optional(),
    force: z.boolean().default(false),
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), { path: ['to'], message: 'must be after from' });

/** Has dispatchers of the key's environment told: of an event, of what they missed, of a span anew, of a test. */
export function dispatcherDeliveryRoutes(
  { db, clock, wakeDesks }: DeliveryRouteDeps,
  telling: DispatcherTelling,
): Router {
  const router = Router();
  router.post('/dispatchers/:id/invoke', async (request, response) => {
    const { id } = request.params;
    const { eventRecordId } = validated(invokeSchema, jsonBody(request));
    const outcome = await telling.invoke(environmentOf(response.locals), id, eventRecordId);
    switch (outcome.kind) {
      case 'unknown-dispatcher':
        throw noDispatcher(id);
      case 'unknown-record':
        throw new Problem('not-found', `There is no event record ${eventRecordId}.`);
      case 'disabled':
        throw disabled();
      case 'other-account':
        throw new Problem('conflict', 'The dispatcher only sees events of its account, and this is none of them.');
      case 'not-due':
        throw new Problem(
          'conflict',
          `It is scheduled for ${outcome.deliverAt.toISOString()}, and told nobody before.`,
        );
      case 'taken-back':
        throw new Problem('conflict', TAKEN_BACK);
      case 'under-way':
        throw new Problem('conflict', 'It is being told of that event already.');
      case 'due':
        response.status(202).json(deliveryWithHistory(outcome.delivery));
    }
  });
  router.post('/dispatchers/:id/resend-failed', async (request, response) => {
    const { since } = validated(resendFailedSchema, jsonBody(request));
    const dispatcher = await enabled(environmentOf(response.locals), request.params.id);
    const { environment, _id, desk } = dispatcher;
    const resent = await sendFailedAnew(db, environment, _id, new Date(since), new Date(clock.now()));
    if (resent > 0) wakeDesks(new Set([desk]));
    response.status(202).json({ dispatcher: _id, resent });
  });
  router.post('/dispatchers/:id/replay', async (request, response) => {
    const { from, to, after = null, force } = validated(replaySchema, jsonBody(request));
    const dispatcher = await enabled(environmentOf(response.locals), request.params.id);
    const { next, ...report } = await telling.replay(dispatcher, {
      from: new Date(from),
      to: new Date(to),
      after,
      force,
    });
    const rest = next && { from: next.from.toISOString(), to, after: next.after, force };
    response.status(202).json({ dispatcher: dispatcher._id, ...report, next: rest });
  });
  router.post('/dispatchers/:id/test', async (request, response) => {
    const { id } = request.params;
    validated(noFields, jsonBody(request));
    const dispatcher = await telling.find(environmentOf(response.locals), id);
    if (!dispatcher) throw noDispatcher(id);
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const tested = await telling.tryOut(dispatcher, gone.signal);
    if (tested.kind === 'not-by-http') {
      throw new Problem('conflict', 'It is a job, which nobody is asked over HTTP to do: invoke it with an event.');
    }
    response.json({ dispatcher: id, messageId: tested.messageId, outcome: tested.outcome });
  });
  return router;

  async function enabled(environment: string, id: string): Promise<Dispatcher> {
    const dispatcher = await telling.find(environment, id);
    if (!dispatcher) throw noDispatcher(id);
    if (!dispatcher.enabled) throw disabled();
    return dispatcher;
  }
}

function disabled(): Problem {
  return new Problem('conflict', 'The dispatcher is disabled: enable it first.');
}
