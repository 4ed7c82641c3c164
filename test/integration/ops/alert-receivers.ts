import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** What a webhook is told. */
export interface WebhookBody {
  readonly id: string;
  readonly state: string;
  readonly since: string;
  readonly text: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** What arrived, in its order. */
export interface AlertReceivers {
  readonly webhookUrl: string;
  readonly slackUrl: string;
  readonly smtpUrl: string;
  /** `<id> <state>` of each, by channel. */
  readonly heard: Readonly<Record<'webhook' | 'slack' | 'email', string[]>>;
  readonly letters: string[];
  /** What the webhook was told, whole. */
  readonly bodies: WebhookBody[];
  /** Requests that came to where the webhook's redirects lead, and those it left hanging. */
  readonly counts: { redirected: number; hanging: number };
  /** While set, the webhook answers so instead. `hang`: not at all. */
  answerWebhook(status: number | 'hang' | null): void;
  stop(): Promise<void>;
}

/** A receiver of webhooks, one that takes what Slack takes, and a mail server. */
export async function startReceivers(): Promise<AlertReceivers> {
  const heard = { webhook: [] as string[], slack: [] as string[], email: [] as string[] };
  const letters: string[] = [];
  const bodies: WebhookBody[] = [];
  const counts = { redirected: 0, hanging: 0 };
  let instead: number | 'hang' | null = null;
  const http = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      if (request.url === '/elsewhere') {
        counts.redirected += 1;
        return response.end();
      }
      const body = JSON.parse(text) as WebhookBody;
      if (request.url === '/slack') {
        // Slack says "invalid_payload" of anything else.
        if (Object.keys(body).join() !== 'text') return response.writeHead(400).end('invalid_payload');
        heard.slack.push(body.text);
        return response.end('ok');
      }
      if (instead === 'hang') return void (counts.hanging += 1);
      if (instead !== null) return response.writeHead(instead, { location: '/elsewhere' }).end();
      heard.webhook.push(`${body.id} ${body.state}`);
      bodies.push(body);
      return response.end();
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) => {
      let letter = '';
      stream.on('data', (chunk: Buffer) => (letter += chunk.toString()));
      stream.on('end', () => {
        letters.push(letter);
        heard.email.push(/^Subject: (.*)$/m.exec(letter)?.[1]?.trim() ?? '');
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${portOf(http)}`;
  return {
    ...{ webhookUrl: `${url}/hook`, slackUrl: `${url}/slack`, heard, letters, bodies, counts },
    smtpUrl: `smtp://127.0.0.1:${portOf(smtp.server as unknown as Server)}`,
    answerWebhook: (status) => (instead = status),
    stop: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await new Promise<void>((resolve) => smtp.close(resolve));
    },
  };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
