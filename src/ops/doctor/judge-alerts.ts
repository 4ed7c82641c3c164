import type { Alert, Told } from '../alert-store.js';
import { fail, ok, skipped, warn, type Judgement } from './finding.js';
import { counted, listed, span } from './words.js';

const BY_KIND: Readonly<Record<string, string>> = {
  'listener-stopped': 'See "alive" and "listening" of the worker here.',
  lag: 'See "frontier" of the worker here.',
  'handler-errors':
    'The log of the worker has the error: mend the handler, then npm run dead-letters -- retry --all --apply.',
  'dead-events':
    'npm run dead-letters lists them and why; mend that, then npm run dead-letters -- retry --all --apply, or drop them.',
  'rpc-down': 'See the lines of the chain here; another endpoint in SOLANA_RPC_URL takes over by itself.',
  'signer-balance': 'Send SOL to the signer: see "balances" of the signers here.',
  'signer-unheld': 'Start a process with its key: see "who works on transactions" of the signers here.',
  'transactions-unresolved': 'npm run transactions -- list --state sent: show <id> says what nodes answer.',
  'dispatchers-disabled':
    'GET /api/dispatchers?enabled=false says which and why: mend the endpoint, enable it, then POST …/resend-failed.',
  'reconcile-drift': 'See "last pass" of reconcile here, and /api/reconcile-runs for which documents they were.',
};
const BY_DEFAULT = 'See docs/operations.md, Alerts.';

/** What fires now, and whether somebody would notice if something else did. */
export function judgeFiring(
  firing: readonly Pick<Alert, 'id' | 'kind' | 'since' | 'message'>[],
  isWatched: boolean,
  nowMs: number,
): Judgement {
  if (firing.length > 0) {
    const each = firing.map(({ id, since, message }) => `${id} for ${span(nowMs - since.getTime())} (${message})`);
    const advice = new Set(firing.map(({ kind }) => BY_KIND[kind] ?? BY_DEFAULT));
    return warn(listed(each), [...advice].join(' '));
  }
  if (isWatched) return ok('none');
  return skipped('nobody watches', 'Every process does: npm run worker, npm run reconcile-worker, npm start.');
}

/** Whether what a channel is told arrives. `told`: what it knows of each alert. */
export function judgeChannel(told: readonly Told[], nowMs: number): Judgement {
  const failing = told.flatMap(({ failingSince, error }) =>
    failingSince ? [{ sinceMs: failingSince.getTime(), error }] : [],
  );
  const [first] = failing.toSorted((one, other) => one.sinceMs - other.sinceMs);
  if (first) {
    return fail(
      `${counted(failing.length, 'alert')} not told, for ${span(nowMs - first.sinceMs)}: ${first.error}`,
      'Check its ALERT_ setting (for e-mail SMTP_URL and MAIL_FROM too) and the receiver. It is tried again by itself, every 10 minutes at least.',
    );
  }
  const last = Math.max(...told.map(({ at }) => at?.getTime() ?? -Infinity));
  return ok(Number.isFinite(last) ? `last told ${span(nowMs - last)} ago` : 'nothing was to tell yet');
}

/** An address that no mail server is named for. */
export function judgeNoMailServer(): Judgement {
  return fail('ALERT_EMAIL_TO is set and SMTP_URL is not: no e-mail is sent', 'Set SMTP_URL.');
}
