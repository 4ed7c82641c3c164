/** Names by which processes of a kind show that they live (src/leases/presence.ts). */
export const RECONCILE_WORKER = 'reconcile-worker';
export const EVENT_WORKER = 'event-worker';
