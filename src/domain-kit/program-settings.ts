/**
 * How one program is followed. A module says which of these it wants otherwise than the rest (`settings` of
 * `defineModule`); who runs it has the last word in the environment (docs/operations.md).
 */
export interface ProgramSettings {
  /** Signatures asked for at once wherever history is walked. */
  readonly historyPageSize: number;
  /** Slots that must have passed on top of confirmed before an event is applied. */
  readonly confirmations: number;
  /** How often an event's handler is tried in all before the event is kept as dead: once, and its retries. */
  readonly handlerAttempts: number;
  /** The wait before a handler's first retry; it doubles. */
  readonly handlerBackoffMs: number;
  /** How often it is looked whether alerts of the program should fire or clear. */
  readonly alertCheckIntervalMs: number;
  /** Failed attempts of handlers in a row that are an alert. */
  readonly alertOnErrorCount: number;
  /** How often the polling source asks for the program's newest signatures. */
  readonly pollingIntervalMs: number;
}
