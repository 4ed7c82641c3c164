import type { WebhookRequest } from '../../../src/delivery/webhooks/webhook-sender.js';
import type { WebhookOutcome } from '../../../src/delivery/webhooks/webhook-outcome.js';
import type { SimProcess } from '../sim-process.js';
import { limitsOfDispatchable, type DlDispatchers } from './dl-dispatchers.js';

/** One request as it left a process. */
export interface SentRequest {
  readonly delivery: string;
  readonly dispatcher: string;
  readonly process: SimProcess;
  /** Under which it was claimed, as it stood when it left. */
  readonly fence: number | null;
  readonly url: string;
  /** By the database's clock. */
  readonly sentAtMs: number;
  /** As the world's time is. */
  readonly leftAtMs: number;
  /** What its sender heard; null: nothing yet. */
  outcome: WebhookOutcome | null;
}

const SECOND = 1_000;
/** A clock may run a little fast, and what a request takes to leave is not the same each time. */
const RATE_SLACK = 1.1;

/** Everything that ever left, and what its senders heard of it. */
export class DlRequestLog {
  readonly #ofDelivery = new Map<string, SentRequest[]>();
  readonly #ofDispatcher = new Map<string, SentRequest[]>();
  /** How often each delivery was taken by whom it is for. */
  readonly taken = new Map<string, number>();

  constructor(private readonly dispatchers: DlDispatchers) {}

  add(request: SentRequest): void {
    push(this.#ofDelivery, request.delivery, request);
    push(this.#ofDispatcher, request.dispatcher, request);
  }

  take({ messageId }: WebhookRequest, dispatcher: string): void {
    const delivery = `${messageId}/${dispatcher}`;
    this.taken.set(delivery, (this.taken.get(delivery) ?? 0) + 1);
  }

  ofDelivery(delivery: string): readonly SentRequest[] {
    return this.#ofDelivery.get(delivery) ?? [];
  }

  ofDispatcher(dispatcher: string): readonly SentRequest[] {
    return this.#ofDispatcher.get(dispatcher) ?? [];
  }

  /** What a desk sends at once, and in a second, is what the endpoint bears. Null: it is. */
  beyondLimits({ dispatcher, process, fence, leftAtMs }: SentRequest): string | null {
    const limits = this.dispatchers.ever(dispatcher).map(({ dispatchable }) => limitsOfDispatchable(dispatchable));
    const concurrency = Math.max(...limits.map((limit) => limit.concurrency));
    const ratePerSecond = Math.max(...limits.map((limit) => limit.ratePerSecond));
    const own = this.ofDispatcher(dispatcher).filter((one) => one.process === process && one.fence === fence);
    const underWay = own.filter(({ outcome }) => outcome === null).length;
    if (underWay > concurrency) return `${underWay} requests of ${process.name} to ${dispatcher} are under way at once`;
    const recent = own.filter((one) => leftAtMs - one.leftAtMs < SECOND).length;
    // A second's worth may go at once, and as much follows within the second.
    const isTooFast = recent > 1 + 2 * ratePerSecond * RATE_SLACK;
    return isTooFast ? `${recent} requests of ${process.name} to ${dispatcher} left within a second` : null;
  }
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
