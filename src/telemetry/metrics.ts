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
    transactionAttemptsTotal: counter('mooring_transaction_attempts_total', 'Versions that were signed.', ['command']),
    transactionSendsTotal: counter(
      'mooring_transaction_sends_total',
      'Times that bytes were handed to the nodes: beyond the attempts, again.',
      ['command'],
    ),
    transactionsExpiredTotal: counter(
      'mooring_transactions_expired_total',
      'Versions of which it was proven that they can never land.',
      ['command'],
    ),
    /** state: pending | signed | sent | confirmed. */
    transactionsOpen: gauge(
      'mooring_transactions_open',
      'Managed transactions that are worked on, by state, said by the process that holds the lease of the signer.',
      ['signer', 'state'],
    ),
    transactionsUnresolved: gauge(
      'mooring_transactions_unresolved',
      'Those of a signer that wait for the chain for longer than ALERT_UNRESOLVED_MS.',
      ['signer'],
    ),
    transactionsOdd: gauge(
      'mooring_transactions_odd',
      'Those that cannot be as they are, or have a wish that nobody did, at the last look.',
      ['signer'],
    ),
    signerLeaseHeld: gauge('mooring_signer_lease_held', '1 while this process works for the signer.', ['signer']),
    /** shared: yes | no. */
    signerChangesTotal: counter(
      'mooring_signer_changes_total',
      'Changes of requests and their numbers, by whether they shared their write with others.',
      ['signer', 'shared'],
    ),
    /** repair: dropped | given-back | raised. */
    allocationRepairsTotal: counter(
      'mooring_allocation_repairs_total',
      'What was put right in rows of numbers, by what it was.',
      ['repair'],
    ),
    /** state: waiting | due | failed. */
    outboxMessages: gauge(
      'mooring_outbox_messages',
      'Messages that have not left, by state, as the process that sends them sees it; due are owed.',
      ['state'],
    ),
    /** outcome: sent | again | failed | unwanted. */
    outboxAttemptsTotal: counter('mooring_outbox_attempts_total', 'Messages tried, by kind and outcome.', [
      'kind',
      'outcome',
    ]),
    eventsDistributedTotal: counter(
      'mooring_events_distributed_total',
      'Event records whose deliveries were made, for whomever they reach.',
      [],
    ),
    /** kind: webhook | job | dynamic-trigger. outcome: delivered | again | failed | stopped. */
    deliveryAttemptsTotal: counter('mooring_delivery_attempts_total', 'Tries to deliver events, by kind and outcome.', [
      'kind',
      'outcome',
    ]),
    deliveriesDue: gauge(
      'mooring_deliveries_due',
      'Deliveries that are due, counted up to 10,000, said by the process that holds the lease of the desk.',
      ['desk'],
    ),
    deliveriesOldestDueSeconds: gauge(
      'mooring_deliveries_oldest_due_seconds',
      'For how long the longest of them has been due.',
      ['desk'],
    ),
    /** outcome: done | threw | timed-out | cancelled | stopped | abandoned. */
    jobAttemptsTotal: counter('mooring_job_attempts_total', 'Attempts to run jobs, by job and outcome.', [
      'job',
      'outcome',
    ]),
    /** origin: application (outcome: created | replaced | unchanged | cancelled) | chain (confirmed | finalized | orphaned). */
    eventRecordsTotal: counter(
      'mooring_event_records_total',
      'Events to be told to dispatchers, by what became of them.',
      ['origin', 'outcome'],
    ),
    alertsFiring: gauge(
      'mooring_alerts_firing',
      'Alerts that fire now, of all programs, said by one process at a time.',
      ['kind'],
    ),
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

    streamConsumers: gauge('mooring_stream_consumers', 'Stable streams that this process serves over HTTP.', [
      'program',
    ]),
    streamLagSlots: gauge(
      'mooring_stream_lag_slots',
      'Slots that the slowest of those consumers is behind the stable slot.',
      ['program'],
    ),

    /** `route` is the pattern, never the path: addresses would make a series each. */
    httpRequestSeconds: histogram('mooring_http_request_seconds', 'HTTP requests.', REQUEST_SECONDS, [
      'method',
      'route',
      'status',
    ]),
  };
}
