import { asCount, asRecord, asString } from './answer-shape.js';

/** What a node may say on the socket. Anything else is `unknown` and only counted. */
export type SubscriptionMessage =
  | { readonly kind: 'ack'; readonly requestId: number; readonly subscription: string }
  | { readonly kind: 'rejected'; readonly requestId: number; readonly code: number; readonly message: string }
  | {
      readonly kind: 'logs';
      readonly subscription: string;
      readonly slot: number;
      readonly signature: string;
      /** Null = this node keeps no logs; an empty list = the transaction wrote none (TRAPS 4). */
      readonly logs: readonly string[] | null;
      readonly failed: boolean;
    }
  | {
      readonly kind: 'slot';
      readonly subscription: string;
      readonly slot: number;
      readonly parent: number;
      readonly root: number;
    }
  | { readonly kind: 'unknown' };

const UNKNOWN: SubscriptionMessage = { kind: 'unknown' };

/** Never throws: a line nobody understands is the sender's problem. */
export function parseSubscriptionMessage(text: string): SubscriptionMessage {
  try {
    const message = asRecord(JSON.parse(text));
    if (message.method === undefined) return parseReply(message);
    const params = asRecord(message.params);
    const subscription = subscriptionKey(params.subscription);
    if (message.method === 'logsNotification') return parseLogs(subscription, asRecord(params.result));
    if (message.method === 'slotNotification') return parseSlot(subscription, asRecord(params.result));
    return UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}

function parseReply({ id, result, error }: Readonly<Record<string, unknown>>): SubscriptionMessage {
  if (error === undefined || error === null) {
    return { kind: 'ack', requestId: asCount(id), subscription: subscriptionKey(result) };
  }
  const { code, message } = asRecord(error);
  return {
    kind: 'rejected',
    requestId: asCount(id),
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message : '',
  };
}

function parseLogs(subscription: string, result: Readonly<Record<string, unknown>>): SubscriptionMessage {
  const { signature, logs, err } = asRecord(result.value);
  if (err === undefined) return UNKNOWN;
  const lines = logs === null || logs === undefined ? null : (logs as unknown[]).map(asLine);
  return {
    kind: 'logs',
    subscription,
    slot: asCount(asRecord(result.context).slot),
    signature: asString(signature),
    logs: lines,
    failed: err !== null,
  };
}

function parseSlot(subscription: string, result: Readonly<Record<string, unknown>>): SubscriptionMessage {
  const { slot, parent, root } = result;
  return { kind: 'slot', subscription, slot: asCount(slot), parent: asCount(parent), root: asCount(root) };
}

/** An empty log line is a line. */
function asLine(value: unknown): string {
  return value === '' ? '' : asString(value);
}

/** Validators number subscriptions from 0, some proxies name them. */
function subscriptionKey(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value : String(asCount(value));
}
