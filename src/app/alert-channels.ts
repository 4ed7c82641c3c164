import type { Config } from '../config/env.js';
import { createMailer } from '../delivery/mailer.js';
import type { Log } from '../lib/log.js';
import { describeAlert, type AlertChannel } from '../ops/alerts/channel.js';
import { slackChannel, webhookChannel } from '../ops/alerts/http-channels.js';

/** The channels that the settings name. The log, which always is one, is none of them. */
export function alertChannels(
  config: Pick<Config, 'alertWebhookUrl' | 'alertSlackUrl' | 'alertEmailTo' | 'smtpUrl' | 'mailFrom'>,
  log?: Log,
): readonly AlertChannel[] {
  const { alertWebhookUrl, alertSlackUrl, alertEmailTo, smtpUrl, mailFrom } = config;
  if (alertEmailTo !== undefined && smtpUrl === null) {
    log?.warn({}, 'ALERT_EMAIL_TO is set and SMTP_URL is not: alerts are not sent by e-mail');
  }
  return [
    ...(alertWebhookUrl ? [webhookChannel(alertWebhookUrl.reveal())] : []),
    ...(alertSlackUrl ? [slackChannel(alertSlackUrl.reveal())] : []),
    ...(alertEmailTo && smtpUrl ? [emailChannel(smtpUrl.reveal(), mailFrom, alertEmailTo)] : []),
  ];
}

function emailChannel(smtpUrl: string, from: string, to: string): AlertChannel {
  return {
    name: 'email',
    tell: async (message, giveUp) => {
      const { messageId, kind, program, state, details } = message;
      const outcome = await createMailer({ smtpUrl, from, stop: giveUp }).send({
        to,
        subject: `[mooring] ${state}: ${kind}${program === null ? '' : ` of ${program}`}`,
        text: `${describeAlert(message)}\n\n${JSON.stringify(details, null, 2)}\n\nWhat to do: docs/operations.md, Alerts.\n`,
        id: `alert.${messageId.replace(/[^A-Za-z0-9_-]+/g, '.')}`,
      });
      if (outcome.kind === 'stopped') throw new Error('the process stopped while the letter was under way');
      if (outcome.kind !== 'sent') throw new Error(outcome.reason);
    },
  };
}
