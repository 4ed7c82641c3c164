import { request } from 'undici';
import { messageOf } from '../../lib/errors.js';
import { toJson } from '../../lib/json.js';
import { describeAlert, type AlertChannel, type AlertMessage } from './channel.js';

const TIMEOUT_MS = 10_000;

/** POSTs each message as JSON. Anything but 2xx is a failure, a redirect too: it may lead anywhere. */
export function webhookChannel(url: string): AlertChannel {
  return { name: 'webhook', tell: (message) => post(url, { ...message, text: describeAlert(message) }) };
}

/** POSTs what Slack's incoming webhooks take, and what is made to be like them (Mattermost, Discord's `/slack`). */
export function slackChannel(url: string): AlertChannel {
  return { name: 'slack', tell: (message) => post(url, { text: slackText(message) }) };
}

function slackText(message: AlertMessage): string {
  const sign = message.state === 'firing' ? ':rotating_light:' : ':white_check_mark:';
  // Slack reads these three as markup.
  const text = describeAlert(message).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `${sign} *mooring ${message.kind}* ${text}`;
}

async function post(url: string, body: object): Promise<void> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: toJson(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    // Its message may name the URL, which is as good as a password.
    throw new Error(reasonOf(error));
  });
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`it answered ${answer.statusCode}`);
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return name === 'TimeoutError'
    ? `no answer within ${TIMEOUT_MS} ms`
    : messageOf(error).replace(/https?:\S+/g, 'its URL');
}
