/** Whoever holds it watches what is no program's. */
export const ALERTS_LEASE = 'alerts';

/** Whoever holds it watches this program: of the processes that follow it. */
export function programAlertsLease(program: string): string {
  return `alerts:${program}`;
}

/** Whoever holds it tells this channel: of the processes that have it. */
export function channelLease(channel: string): string {
  return `alert-channel:${channel}`;
}
