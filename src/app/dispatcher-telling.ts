import type { DispatcherTelling } from '../api/routes/dispatcher-delivery-routes.js';
import { invokeDispatcher } from '../delivery/desk/invoke-dispatcher.js';
import { replayRecords } from '../delivery/desk/replay-records.js';
import { tryDispatcher } from '../delivery/desk/try-dispatcher.js';
import type { Dispatcher } from '../delivery/dispatchers/dispatcher.js';
import type { DispatcherStore } from '../delivery/dispatchers/dispatcher-store.js';
import { wouldReach } from '../delivery/dispatchers/who-gets.js';
import type { EventRecord } from '../delivery/records/event-record.js';
import { toldRecord } from '../delivery/records/told-record.js';
import type { Foundation } from './foundation.js';
import { webhookInvoker } from './webhook-invoker.js';

/** What the API can have dispatchers told. `close` ends the connections that tests of endpoints left open. */
export function createDispatcherTelling(
  foundation: Foundation,
  dispatchers: DispatcherStore,
  wake: () => void,
): DispatcherTelling & { readonly close: () => Promise<void> } {
  const { mongo, databaseClock: clock } = foundation;
  const { invoke, close } = webhookInvoker(foundation);
  const tell = (record: EventRecord) => toldRecord(mongo.db, record);
  const deps = { ...mongo, clock, wake };
  const noteMended = async (dispatcher: Dispatcher): Promise<void> => {
    await dispatchers.noteMended(dispatcher);
    wake();
  };
  return {
    find: (environment, id) => dispatchers.read(environment, id),
    invoke: (environment, dispatcher, record) => invokeDispatcher(deps, dispatcher, record, environment),
    replay: (dispatcher, span) => replayRecords({ ...deps, isReached: wouldReach }, dispatcher, span),
    tryOut: (dispatcher, signal) => tryDispatcher({ invoke, tell, clock, noteMended }, dispatcher, signal),
    close,
  };
}
