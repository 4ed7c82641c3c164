import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

// From a local chain's milliseconds to a congested cluster's minute.
const LATENCY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60];
const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Every metric mooring has, by the name the code uses. */
export type Metrics = ReturnType<typeof createMetrics>;

/**
 * Makes the metrics of a process in a registry of their own, so that several (tests) live side by side. This file is
 * the only place where a metric is named.
 */
export function createMetrics(options: { readonly processMetrics?: boolean } = {}) {
  const registry = new Registry();
  const registers = [registry];
  if (options.processMetrics) collectDefaultMetrics({ register: registry });

  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames, registers });
  const histogram = <L extends string>(name: string, help: string, buckets: number[], labelNames: readonly L[]) =>
    new Histogram<L>({ name, help, labelNames, buckets, registers });

  return {
    registry,

    /** outcome: received | applied | finalized | orphaned | dead. */
    eventsTotal: counter('mooring_events_total', 'Events by what became of them.', ['program', 'event', 'outcome']),
    lastSlot: gauge('mooring_last_slot', 'Newest slot of which an event was seen.', ['program']),
    frontierSlot: gauge('mooring_frontier_slot', 'Slot up to which everything was scanned, without holes.', [
      'program',
    ]),
    lagSlots: gauge('mooring_lag_slots', 'Finalized head minus frontier.', ['program']),
    eventLatencySeconds: histogram(
      'mooring_event_latency_seconds',
      'From the event being seen on chain to its documents being readable.',
      LATENCY_SECONDS,
      ['program'],
    ),
    ledgerPending: gauge('mooring_ledger_pending', 'Ledger records waiting, by state.', ['program', 'state']),
    deadLettersTotal: counter('mooring_dead_letters_total', 'What could not be decoded or fetched, by reason.', [
      'program',
      'reason',
    ]),
    rollbacksTotal: counter('mooring_rollbacks_total', 'Transactions rolled back because a fork dropped them.', [
      'program',
    ]),
    suspectTransactions: gauge(
      'mooring_suspect_transactions',
      'Confirmed transactions the chain does not know, while they are so many that nothing is rolled back; else 0.',
      ['program'],
    ),
    batchSeconds: histogram('mooring_batch_seconds', 'Duration of one projecting transaction.', REQUEST_SECONDS, [
      'program',
    ]),
    /** state: done | failed | interrupted. */
    reconcileRunsTotal: counter('mooring_reconcile_runs_total', 'Reconcile passes by scope and how they ended.', [
      'program',
      'scope',
      'state',
    ]),
    reconcileWrongDocuments: gauge(
      'mooring_reconcile_wrong_documents',
      'Documents that the last reconcile pass found missing, drifted or orphaned.',
      ['program'],
    ),
    leaseHeld: gauge('mooring_lease_held', '1 while this process projects the program.', ['program']),

    listenerConnected: gauge('mooring_listener_connected', '1 while the log subscription is live.', ['program']),
    listenerReconnectsTotal: counter('mooring_listener_reconnects_total', 'Times the subscription was rebuilt.', [
      'program',
    ]),

    /** outcome: ok | the reason of an RpcError. */
    rpcRequestsTotal: counter('mooring_rpc_requests_total', 'RPC requests by method and outcome.', [
      'method',
      'outcome',
    ]),
    rpcErrorsTotal: counter('mooring_rpc_errors_total', 'Failed RPC requests by reason.', ['reason']),
    /** state: well | demoted | lagging | paused | open. */
    rpcEndpointState: gauge('mooring_rpc_endpoint_state', '1 for the state an RPC endpoint is in, 0 for the others.', [
      'endpoint',
      'state',
    ]),
    rpcEndpointLagSlots: gauge('mooring_rpc_endpoint_lag_slots', 'Slots an endpoint is behind what others showed.', [
      'endpoint',
    ]),
    rpcFailoversTotal: counter(
      'mooring_rpc_failovers_total',
      'Requests that failed at one endpoint, answered by another.',
      ['from', 'to'],
    ),
    rpcRateWaitsTotal: counter('mooring_rpc_rate_waits_total', 'Requests that waited for the rate budget.', [
      'endpoint',
      'priority',
    ]),
    rpcRateWaitSecondsTotal: counter('mooring_rpc_rate_wait_seconds_total', 'Time waited for the rate budget.', [
      'endpoint',
      'priority',
    ]),
    databaseErrorsTotal: counter('mooring_database_errors_total', 'Failed database operations, by who asked.', [
      'operation',
    ]),

    /** outcome: the state a managed transaction came to rest in. */
    transactionsTotal: counter('mooring_transactions_total', 'Managed transactions by command and outcome.', [
      'command',
      'outcome',
    ]),
    transactionSeconds: histogram(
      'mooring_transaction_seconds',
      'From a write request to its transaction being confirmed.',
      LATENCY_SECONDS,
      ['command'],
    ),
    /** outcome: sent | again | failed | unwanted. */
    outboxAttemptsTotal: counter('mooring_outbox_attempts_total', 'Messages tried, by kind and outcome.', [
      'kind',
      'outcome',
    ]),
    alertsFiring: gauge('mooring_alerts_firing', 'Alerts that fire now, as the process that watches sees it.', [
      'kind',
    ]),
    /** outcome: told | failed. */
    alertMessagesTotal: counter('mooring_alert_messages_total', 'Messages about alerts, by channel and outcome.', [
      'channel',
      'outcome',
    ]),
    pushClients: gauge('mooring_push_clients', 'Clients connected to this process over Socket.IO.', []),
    pushMessagesTotal: counter('mooring_push_messages_total', 'Messages told to rooms, each counted once.', [
      'program',
      'message',
    ]),
    pushLatencySeconds: histogram(
      'mooring_push_latency_seconds',
      'From the commit of a change to its messages being handed to the sockets.',
      LATENCY_SECONDS,
      ['program'],
    ),
    /** reason: slow | unauthenticated | too-many-requests. */
    pushDisconnectsTotal: counter('mooring_push_disconnects_total', 'Clients that were disconnected, by reason.', [
      'reason',
    ]),

    /** `route` is the pattern, never the path: addresses would make a series each. */
    httpRequestSeconds: histogram('mooring_http_request_seconds', 'HTTP requests.', REQUEST_SECONDS, [
      'method',
      'route',
      'status',
    ]),
  };
}
