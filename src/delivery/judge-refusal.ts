/** What an SMTP server answered to which of our commands, as nodemailer has it in its errors. */
export interface SmtpRefusal {
  readonly command?: unknown;
  readonly responseCode?: unknown;
  readonly response?: unknown;
}

/** Without an enhanced code, the 5xx to RCPT that are about a mailbox (RFC 5321, 4.2.2): 551 and 553 name another or none. */
const ABOUT_THE_MAILBOX: ReadonlySet<unknown> = new Set([550, 551, 553]);
/** Of the subject 1 (addresses), those about the sender's (RFC 3463, 3.2): 7 and 8. */
const SENDERS_ADDRESS: ReadonlySet<number> = new Set([7, 8]);
/** A full mailbox; its owner can make room (RFC 3463, 3.3, calls it transient whatever its class). */
const MAILBOX_FULL = 2;
const [ADDRESS, MAILBOX, CONTENT] = [1, 2, 6];

/**
 * Whether a server will say the same of this letter next time. The enhanced status code (RFC 3463) counts where there is
 * one: about the recipient's address or mailbox, or about the content, it is so. About the system, the network, the protocol
 * or a policy (relaying, blocked addresses, DMARC, quotas) it is about us: an operator mends it, and the letter is as good as
 * it was. Without one, only what is said to RCPT of the mailbox is about the recipient.
 */
export function isRefusal({ command, responseCode, response }: SmtpRefusal): boolean {
  if (command !== 'RCPT TO' && command !== 'DATA') return false;
  if (typeof responseCode !== 'number' || responseCode < 500) return false;
  const enhanced = /^\d{3}[ -](\d)\.(\d{1,3})\.(\d{1,3})\b/.exec(typeof response === 'string' ? response : '');
  if (!enhanced) return command === 'RCPT TO' && ABOUT_THE_MAILBOX.has(responseCode);
  const [kind, subject, detail] = enhanced.slice(1).map(Number) as [number, number, number];
  if (kind !== 5) return false;
  if (subject === ADDRESS) return !SENDERS_ADDRESS.has(detail);
  if (subject === MAILBOX) return detail !== MAILBOX_FULL;
  return subject === CONTENT;
}
