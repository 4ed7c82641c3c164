import type { Config } from '../config/env.js';
import { createMailer } from '../delivery/mailer.js';
import { describeAlert, type AlertChannel } from '../ops/alerts/channel.js';
import { slackChannel, webhookChannel } from '../ops/alerts/http-channels.js';

/** The channels that the settings name. The log, which always is one, is none of them. */
export function alertChannels(
  config: Pick<Config, 'alertWebhookUrl' | 'alertSlackUrl' | 'alertEmailTo' | 'smtpUrl' | 'mailFrom'>,
): readonly AlertChannel[] {
  const { alertWebhookUrl, alertSlackUrl, alertEmailTo, smtpUrl, mailFrom } = config;
  return [
    ...(alertWebhookUrl ? [webhookChannel(alertWebhookUrl.reveal())] : []),
    ...(alertSlackUrl ? [slackChannel(alertSlackUrl.reveal())] : []),
    ...(alertEmailTo && smtpUrl ? [emailChannel(smtpUrl.reveal(), mailFrom, alertEmailTo)] : []),
  ];
}

function emailChannel(smtpUrl: string, from: string, to: string): AlertChannel {
  const mailer = createMailer({ smtpUrl, from });
  return {
    name: 'email',
    tell: async (message) => {
      const { id, kind, program, state, since, details } = message;
      const outcome = await mailer.send({
        to,
        subject: `[mooring] ${state}: ${kind}${program === null ? '' : ` of ${program}`}`,
        text: `${describeAlert(message)}\n\n${JSON.stringify(details, null, 2)}\n\nWhat to do: docs/operations.md, Alerts.\n`,
        id: `alert.${id.replace(/[^A-Za-z0-9]/g, '.')}.${state}.${since.getTime()}.${message.isReminder ? Date.now() : 0}`,
      });
      if (outcome.kind !== 'sent') throw new Error(outcome.reason);
    },
  };
}
