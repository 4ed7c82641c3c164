import { LogSubscription, type LogSubscriptionOptions } from '../chain/log-subscription.js';
import type { Source, SourceCallbacks } from './source.js';

/** Announcements by `logsSubscribe`: the fastest of what every RPC endpoint has. */
export function socketSource(
  options: Omit<LogSubscriptionOptions, 'callbacks'>,
  { onNotice, onLive, onHole, onSlot }: SourceCallbacks,
): Source {
  const subscription = new LogSubscription({
    ...options,
    callbacks: {
      ...{ onNotice, onLive },
      ...(onSlot ? { onSlot } : {}),
      onDown: ({ reason, atSlot }) => onHole({ fromSlot: atSlot, reason }),
    },
  });
  return {
    kind: 'socket',
    start: () => subscription.start(),
    stop: () => subscription.stop(),
    restart: (reason) => subscription.restart(reason),
    status: () => subscription.status(),
  };
}
