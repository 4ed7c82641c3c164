import { createTransport } from 'nodemailer';
import { messageOf } from '../lib/errors.js';
import { isRefusal, type SmtpRefusal } from './judge-refusal.js';

/** How long a server is waited for, in milliseconds. */
export interface MailerLimits {
  /** For the connection, its greeting and TLS together: nothing of the letter is under way yet. */
  readonly connectMs: number;
  /**
   * For each answer after that. Giving up before a server that took the letter says so sends it twice: ten minutes
   * (RFC 5321, 4.5.3.2.6).
   */
  readonly answerMs: number;
  /** For a letter in all: an answer that dribbles is never silent for long. */
  readonly letterMs: number;
}

const LIMITS: MailerLimits = { connectMs: 30_000, answerMs: 10 * 60_000, letterMs: 15 * 60_000 };

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
 * sent: the server said 250. refused: it will say the same of this letter next time (judge-refusal.ts). trouble: try again
 * later; it is unknown whether the letter arrived.
 */
export type FinishedMail =
  { readonly kind: 'sent' } | { readonly kind: 'refused' | 'trouble'; readonly reason: string };

/** stopped: we cut the connection; it is unknown whether the letter arrived. */
export type MailOutcome = FinishedMail | { readonly kind: 'stopped' };

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
  /** Cuts the connection under way: a server that stalls must not hold up a process that stops. */
  readonly stop: AbortSignal;
  readonly limits?: MailerLimits;
}): Mailer {
  const { stop, limits = LIMITS } = settings;
  const transport = createTransport({
    url: settings.smtpUrl,
    connectionTimeout: limits.connectMs,
    greetingTimeout: limits.connectMs,
    socketTimeout: limits.answerMs,
    dnsTimeout: limits.connectMs,
    // A letter of ours is text: nothing of it is read from a file or fetched from anywhere.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = settings.from.split('@').at(-1)?.replace(/>.*$/, '').trim() ?? 'localhost';
  return {
    async send({ to, subject, text, id }) {
      const tooLong = new AbortController();
      const timer = setTimeout(() => tooLong.abort(), limits.letterMs);
      try {
        const messageId = `<${id}@${domain}>`;
        const signal = AbortSignal.any([stop, tooLong.signal]);
        await transport.sendMail({ from: settings.from, to, subject, text, messageId, signal });
        return { kind: 'sent' };
      } catch (error) {
        if (stop.aborted) return { kind: 'stopped' };
        if (tooLong.signal.aborted) {
          return { kind: 'trouble', reason: `the mail server was not done within ${limits.letterMs / 1_000} s` };
        }
        return { kind: isRefusal(error as SmtpRefusal) ? 'refused' : 'trouble', reason: messageOf(error) };
      } finally {
        clearTimeout(timer);
      }
    },
    close: () => transport.close(),
  };
}
