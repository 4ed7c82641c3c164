import { unescape } from 'node:querystring';
import { request } from 'undici';
import { messageOf } from '../../lib/errors.js';
import { toJson } from '../../lib/json.js';
import { describeAlert, type AlertChannel, type AlertMessage } from './channel.js';

const TIMEOUT_MS = 10_000;

/** POSTs each message as JSON. Anything but 2xx is a failure, a redirect too: it may lead anywhere. */
export function webhookChannel(url: string): AlertChannel {
  return {
    name: 'webhook',
    tell: (message, giveUp) => post(url, { ...message, text: describeAlert(message) }, giveUp),
  };
}

/** POSTs what Slack's incoming webhooks take, and what is made to be like them (Mattermost, Discord's `/slack`). */
export function slackChannel(url: string): AlertChannel {
  return { name: 'slack', tell: (message, giveUp) => post(url, { text: slackText(message) }, giveUp) };
}

function slackText(message: AlertMessage): string {
  const sign = message.state === 'firing' ? ':rotating_light:' : ':white_check_mark:';
  // Slack reads these three as markup.
  const text = describeAlert(message).replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
  return `${sign} *mooring ${message.kind}* ${text}`;
}

async function post(url: string, body: object, giveUp: AbortSignal): Promise<void> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorizationOf(url) },
    body: toJson(body),
    signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), giveUp]),
  }).catch((error: unknown) => {
    // Its message may name the URL, which is as good as a password.
    throw new Error(reasonOf(error));
  });
  await answer.body.dump();
  if (answer.statusCode < 200 || answer.statusCode > 299) throw new Error(`it answered ${answer.statusCode}`);
}

/** What stands before the host as Basic authorization: by itself nobody sends it. */
function authorizationOf(url: string): { readonly authorization?: string } {
  const { username, password } = new URL(url);
  if (username === '' && password === '') return {};
  return { authorization: `Basic ${Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64')}` };
}

function reasonOf(error: unknown): string {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  return name === 'TimeoutError'
    ? `no answer within ${TIMEOUT_MS} ms`
    : messageOf(error).replace(/https?:\S+/g, 'its URL');
}
