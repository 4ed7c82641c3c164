/** What came of one request to an endpoint. */
export type WebhookOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** At most RESPONSE_BYTES, as text. */
      readonly body: string;
      readonly durationMs: number;
      /** From Retry-After (seconds or a date), in milliseconds, a day at most; null: none, or unreadable. */
      readonly retryAfterMs: number | null;
    }
  /** No whole answer: refused, reset, DNS, TLS, time-out. */
  | { readonly kind: 'no-answer'; readonly error: string; readonly durationMs: number }
  /** The URL leads where no webhook may go (SSRF guard). */
  | { readonly kind: 'forbidden'; readonly error: string }
  /** The process stops: nothing may be concluded from it. */
  | { readonly kind: 'stopped' };

/** What follows from an outcome. */
export type WebhookVerdict =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'again'; readonly afterMs: number; readonly error: string; readonly slowDown: boolean }
  /** `gone`: 410, the dispatcher is disabled. `exhausted`: the last try of the schedule. */
  | { readonly kind: 'failed'; readonly reason: 'gone' | 'exhausted'; readonly error: string };
