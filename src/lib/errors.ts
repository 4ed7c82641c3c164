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

/** The message of anything that was thrown, also of what is not an Error. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
