import type { WebhookRequest } from '../../../src/delivery/webhooks/webhook-sender.js';
import type { WebhookOutcome } from '../../../src/delivery/webhooks/webhook-outcome.js';
import type { Random } from '../random.js';
import type { SimProcess } from '../sim-process.js';
import type { DlFault, DlJournal } from './dl-journal.js';
import type { EndpointFault } from './dl-plan.js';

/** Somebody is told of everything that leaves, and of what comes back. */
export interface RequestWatcher {
  /** Returns who is told what came of it, when its sender hears of that. */
  readonly onSent: (process: SimProcess, request: WebhookRequest) => (outcome: WebhookOutcome) => void;
  /** An endpoint has taken it, whatever its sender will hear. */
  readonly onTaken: (request: WebhookRequest) => void;
}

interface Trouble {
  readonly what: EndpointFault;
  readonly share: number;
}

const NAMES: Readonly<Record<EndpointFault, DlFault>> = {
  errors: 'endpoint answers 500',
  redirects: 'endpoint redirects',
  gone: 'endpoint is gone',
  limits: 'endpoint asks for less',
  hangs: 'endpoint hangs',
  slow: 'endpoint is slow',
  resets: 'connection reset',
  'loses-answers': 'answer lost',
};

/** Everybody who is told by HTTP, and the network between. */
export class DlEndpoints {
  /** By URL. */
  readonly #troubles = new Map<string, Trouble>();

  constructor(
    private readonly random: Random,
    private readonly journal: DlJournal,
    private readonly watcher: RequestWatcher,
  ) {}

  /** An endpoint has trouble until the returned function is called. */
  begin(url: string, what: EndpointFault, share: number): () => void {
    const trouble = { what, share };
    this.#troubles.set(url, trouble);
    return () => {
      if (this.#troubles.get(url) === trouble) this.#troubles.delete(url);
    };
  }

  /** Everybody is well. */
  heal(): void {
    this.#troubles.clear();
  }

  /** What production's sender does, as a process sees it. */
  readonly send = (process: SimProcess, request: WebhookRequest, stop: AbortSignal): Promise<WebhookOutcome> => {
    const { random } = this;
    if (stop.aborted) return Promise.resolve({ kind: 'stopped' });
    const heard = this.watcher.onSent(process, request);
    return new Promise((resolve) => {
      let isOver = false;
      const end = (outcome: WebhookOutcome) => {
        if (isOver) return;
        isOver = true;
        patience.cancel();
        stop.removeEventListener('abort', abort);
        heard(outcome);
        resolve(outcome);
      };
      const abort = () => end({ kind: 'stopped' });
      const { timeoutMs } = request;
      const tooLate = `no whole answer within ${timeoutMs} ms`;
      const patience = process.after(timeoutMs, () => {
        end({ kind: 'no-answer', error: tooLate, durationMs: timeoutMs });
      });
      stop.addEventListener('abort', abort, { once: true });
      process.send(random.between(2, 40), () => {
        const { outcome, afterMs } = this.#answer(request);
        if (outcome) process.after(afterMs, () => end(outcome));
      });
    });
  };

  #answer(request: WebhookRequest): { readonly outcome: WebhookOutcome | null; readonly afterMs: number } {
    const { random, journal, watcher } = this;
    const afterMs = random.between(2, 40);
    const answered = (status: number, retryAfterMs: number | null = null): WebhookOutcome => {
      if (status < 300) watcher.onTaken(request);
      return { kind: 'answered', status, body: '', durationMs: 1, retryAfterMs };
    };
    const trouble = this.#troubles.get(request.url);
    if (!trouble || !random.chance(trouble.share)) return { outcome: answered(204), afterMs };
    journal.fault(NAMES[trouble.what], request.url);
    switch (trouble.what) {
      case 'errors':
        return { outcome: answered(random.pick([500, 503])), afterMs };
      case 'redirects':
        return { outcome: answered(302), afterMs };
      case 'gone':
        return { outcome: answered(410), afterMs };
      case 'limits':
        return { outcome: answered(429, random.pick([null, 2_000, 60_000])), afterMs };
      case 'hangs':
        // Whether it was taken nobody can say.
        if (random.chance(0.5)) watcher.onTaken(request);
        return { outcome: null, afterMs };
      case 'slow':
        return { outcome: answered(200), afterMs: request.timeoutMs * random.between(0.4, 1.3) };
      case 'resets':
        return { outcome: { kind: 'no-answer', error: 'connection refused', durationMs: 1 }, afterMs };
      case 'loses-answers':
        watcher.onTaken(request);
        return { outcome: { kind: 'no-answer', error: 'other side closed', durationMs: 1 }, afterMs };
    }
  }
}
