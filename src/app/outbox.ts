import type { LetterOf } from '../domain-kit/message.js';
import { dispatchDue } from '../delivery/dispatch.js';
import { createMailer } from '../delivery/mailer.js';
import { keepLease } from '../leases/lease-keeper.js';
import { StaleFenceError } from '../leases/lease.js';
import type { LeaseWork } from '../leases/lease-work.js';
import { messageOf } from '../lib/errors.js';
import { repeat } from '../lib/repeat.js';
import { countOpenMessages, OPEN_STATES } from '../ledger/outbox-lists.js';
import type { Foundation, InstalledModule } from './foundation.js';

const OUTBOX_EVERY_MS = 1_000;
const COUNT_EVERY_MS = 5_000;

/** The letters of these modules, by the kind of message. */
export function lettersOf(modules: readonly InstalledModule[]): Readonly<Record<string, LetterOf>> {
  return Object.fromEntries(modules.flatMap(({ module }) => Object.entries(module.letters)));
}

/**
 * Sends the letters of the installed modules and counts the outbox until `stop`, while no other process does. Who counts and
 * who sends are two: a process without SMTP_URL, or without letters, must not keep the letters from one that could send them.
 */
export async function sendOutbox(foundation: Foundation, stop: AbortSignal): Promise<void> {
  const { config, log, mongo, modules } = foundation;
  const { clock, holder } = foundation.machine;
  const letters = lettersOf(modules);
  const hasLetters = Object.keys(letters).length > 0;
  const smtpUrl = hasLetters ? (config.smtpUrl?.reveal() ?? null) : null;
  if (!hasLetters && modules.every(({ module }) => Object.keys(module.onFinalized).length === 0)) return;
  if (hasLetters && smtpUrl === null) {
    log.warn({}, 'SMTP_URL is not set: this process sends no e-mails; they wait in the outbox for one that has it');
  }
  const options = { db: mongo.db, clock, log, holder, termMs: config.leaseTermMs };
  const keepers = [keepLease(options, 'outbox-count', stop, (_, lost) => measure(foundation, lost))];
  if (smtpUrl !== null) {
    keepers.push(
      keepLease(options, 'outbox', stop, (work, lost) => send(foundation, { smtpUrl, letters }, work, lost)),
    );
  }
  await Promise.all(keepers);
}

async function send(
  { config, log, metrics, mongo: { db }, machine: { clock, random } }: Foundation,
  { smtpUrl, letters }: { readonly smtpUrl: string; readonly letters: Readonly<Record<string, LetterOf>> },
  work: LeaseWork,
  stop: AbortSignal,
): Promise<void> {
  const mailer = createMailer({ smtpUrl, from: config.mailFrom, stop });
  await repeat(
    clock,
    OUTBOX_EVERY_MS,
    stop,
    () => dispatchDue({ db, clock, random, log, metrics, mailer, letters }, work, stop),
    (error) => log.warn({ error: messageOf(error) }, 'the outbox could not be sent; it goes on'),
    (error) => error instanceof StaleFenceError,
  ).ended.finally(() => mailer.close());
}

async function measure({ log, metrics, mongo: { db }, machine: { clock } }: Foundation, stop: AbortSignal) {
  await repeat(
    clock,
    COUNT_EVERY_MS,
    stop,
    async () => {
      const counts = await countOpenMessages(db);
      for (const state of OPEN_STATES) metrics.outboxMessages.set({ state }, counts[state]);
    },
    (error) => log.warn({ error: messageOf(error) }, 'the outbox could not be counted; it goes on'),
  ).ended;
  // Whoever takes over tells it from now on.
  for (const state of OPEN_STATES) metrics.outboxMessages.set({ state }, 0);
}
