import { createTransport } from 'nodemailer';
import { messageOf } from '../lib/errors.js';

/** Unless said otherwise; a server's own check of a letter may take seconds. */
const STEP_MS = 15_000;

/** An e-mail, as text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /**
   * What the Message-ID is made of: the same letter sent again has the same one, so that whoever gets it twice (the server
   * said 250 and we were killed before noting it) can tell, and many mailboxes show it once.
   */
  readonly id: string;
}

/**
 * sent: the server said 250. refused: it will say the same of this letter next time (5xx of RFC 5321). trouble: try again
 * later; it is unknown whether the letter arrived.
 */
export type MailOutcome = { readonly kind: 'sent' } | { readonly kind: 'refused' | 'trouble'; readonly reason: string };

/** Sends e-mails. */
export interface Mailer {
  /** Never throws. */
  send(mail: Mail): Promise<MailOutcome>;
  close(): void;
}

/**
 * Sends over SMTP, one connection a letter. `smtpUrl` as nodemailer takes it: `smtp://user:password@host:587`, or
 * `smtps://` for TLS from the start. STARTTLS is used wherever the server offers it.
 */
export function createMailer(settings: {
  readonly smtpUrl: string;
  readonly from: string;
  /** How long one step of the talk may take, in milliseconds. */
  readonly stepMs?: number;
}): Mailer {
  const { stepMs = STEP_MS } = settings;
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: stepMs,
    greetingTimeout: stepMs,
    socketTimeout: stepMs,
    dnsTimeout: stepMs,
    // A letter of ours is text: nothing of it is read from a file or fetched from anywhere.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = settings.from.split('@').at(-1)?.replace(/>.*$/, '').trim() ?? 'localhost';
  return {
    async send({ to, subject, text, id }) {
      try {
        await transport.sendMail({ from: settings.from, to, subject, text, messageId: `<${id}@${domain}>` });
        return { kind: 'sent' };
      } catch (error) {
        return { kind: isRefusal(error) ? 'refused' : 'trouble', reason: messageOf(error) };
      }
    },
    close: () => transport.close(),
  };
}

/**
 * A 5xx to the recipient or to the letter itself. To anything before (a blocked address, a refused sender, a wrong password) it
 * is about us: an operator mends it, and the letter is as good as it was.
 */
function isRefusal(error: unknown): boolean {
  const { responseCode, command } = error as { responseCode?: unknown; command?: unknown };
  if (command !== 'RCPT TO' && command !== 'DATA') return false;
  return typeof responseCode === 'number' && responseCode >= 500 && !ABOUT_US.has(responseCode);
}

/** Authentication is wanted, is too weak, or failed (RFC 4954, 6): some servers say so to the recipient only. */
const ABOUT_US: ReadonlySet<number> = new Set([530, 534, 535, 538]);
