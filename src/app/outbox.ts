import { dispatchDue } from '../delivery/dispatch.js';
import { createMailer } from '../delivery/mailer.js';
import { keepLease } from '../leases/lease-keeper.js';
import { StaleFenceError } from '../leases/lease.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import type { Foundation } from './foundation.js';

const OUTBOX_EVERY_MS = 1_000;

/**
 * Sends the letters of the installed modules until `stop`, while no other process does. Without SMTP_URL they wait in the
 * outbox, as they do where no module has any.
 */
export async function sendOutbox(foundation: Foundation, stop: AbortSignal): Promise<void> {
  const { config, log, metrics, mongo, modules } = foundation;
  const { clock, random, holder } = foundation.machine;
  const letters = Object.assign(
    {},
    ...modules.map(({ module }) => module.letters),
  ) as (typeof modules)[number]['module']['letters'];
  if (Object.keys(letters).length === 0) return;
  if (config.smtpUrl === null) {
    log.warn({}, 'SMTP_URL is not set: e-mails wait in the outbox until it is');
    return;
  }
  const mailer = createMailer({ smtpUrl: config.smtpUrl.reveal(), from: config.mailFrom });
  const { db } = mongo;
  await keepLease({ db, clock, log, holder, termMs: config.leaseTermMs }, 'outbox', stop, async (work, lost) => {
    await repeat(
      clock,
      OUTBOX_EVERY_MS,
      lost,
      () => dispatchDue({ db, clock, random, log, metrics, mailer, letters }, work, lost),
      (error) => log.warn({ error: messageOf(error) }, 'the outbox could not be sent; it goes on'),
      (error) => error instanceof StaleFenceError,
    ).ended;
  });
  mailer.close();
}
