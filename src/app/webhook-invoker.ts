import { invokeByWebhook, type Invoke } from '../delivery/desk/invoke.js';
import { WebhookSender } from '../delivery/webhooks/webhook-sender.js';
import packageJson from '../../package.json' with { type: 'json' };
import type { Foundation } from './foundation.js';

/** Who tells endpoints. `close` ends the connections that are left open. */
export interface WebhookInvoker {
  readonly invoke: Invoke;
  readonly close: () => Promise<void>;
}

/** Tells endpoints of events, as the settings allow. */
export function webhookInvoker({ config, machine: { clock } }: Foundation): WebhookInvoker {
  const sender = new WebhookSender({
    version: packageJson.version,
    allowPrivate: config.webhooksAllowPrivate,
    now: () => clock.now(),
  });
  return {
    invoke: invokeByWebhook((request, signal) => sender.send(request, signal)),
    close: () => sender.close(),
  };
}
