import type { Delivery } from '../delivery/desk/delivery.js';
import type { JobRun } from '../delivery/jobs/job-run.js';
import { jsonValue } from '../lib/json-value.js';

/** A delivery as lists show it. */
export function deliveryView(delivery: Omit<Delivery, 'history'>): object {
  const { _id, environment, record, dispatcher, messageId, eventName, orderKey, state, dueAt, ...rest } = delivery;
  const { claimedUntil, attempts, isFollowUp, run, error, isTest, createdAt, endedAt } = rest;
  const shown = { id: _id, environment, record, dispatcher, messageId, eventName, state, isFollowUp, isTest };
  const isOpen = state === 'due' || state === 'waiting';
  return jsonValue({
    ...shown,
    ...{ dueAt: isOpen ? dueAt : null, isUnderWay: state === 'due' && claimedUntil !== null },
    ...{ attempts, error, orderKey, run, createdAt, endedAt },
  }) as object;
}

/** One with everything that is kept of its tries. */
export function deliveryWithHistory(delivery: Delivery): object {
  return { ...deliveryView(delivery), history: jsonValue(delivery.history) };
}

/** A run as lists show it. */
export function jobRunView(run: Omit<JobRun, 'history' | 'logs'>): object {
  const { _id, environment, job, version, state, attempts, error, record, dispatcher, delivery, dueAt } = run;
  const { isCancelWanted, startedAt, createdAt, endedAt } = run;
  return jsonValue({
    ...{ id: _id, environment, job, version, state, attempts, error, record, dispatcher, delivery, isCancelWanted },
    ...{ dueAt: state === 'due' ? dueAt : null, startedAt, createdAt, endedAt },
  }) as object;
}

/** One with its attempts and what it wrote. */
export function jobRunWithLogs(run: JobRun): object {
  const logs = run.logs.map(({ data, ...line }) => ({ ...line, data: data === null ? null : parsed(data) }));
  return { ...jobRunView(run), history: jsonValue(run.history), logs: jsonValue(logs) };
}

/** What was cut off is no JSON any more: it is shown as the text it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
