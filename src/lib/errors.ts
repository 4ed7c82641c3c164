/**
 * An error a person can act on. `code` is stable (documented in docs/errors.md and used as the problem type of the
 * API); `message` says what to do.
 */
export class MooringError extends Error {
  override readonly name: string = 'MooringError';

  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What is said of a thrown value that has no text. */
const WITHOUT_TEXT = 'something without a text was thrown';

/**
 * The message of anything that was thrown, also of what is not an Error. Never throws: whoever asks is handling an error, and
 * what is thrown may be a proxy, have no `toString`, or one that throws.
 */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return WITHOUT_TEXT;
  }
}
