import { compileProgramCodec } from './idl-codec.js';
import { decodeLogPayload } from './log-payload.js';
import type { Idl, ProgramCodec } from './types.js';
import { walkProgramLogs } from './walk-program-logs.js';

/** What Anchor's `EventParser` needs of a coder; Anchor's `BorshCoder` is one. */
export interface EventCoder<Event> {
  readonly events: {
    /** The event in a base64 payload, or null. */
    decode(payload: string): Event | null;
  };
}

/**
 * A drop-in for the `EventParser` of `@coral-xyz/anchor` 0.32.1: the same events, decoded by the same coder, for the
 * logs it reads rightly. It also finds events of a program that was invoked by another, takes only `Program data:` lines
 * of the program itself for events, gives none for a failed transaction or after `Log truncated`, refuses payloads that
 * are too short or too long, and takes linear time (TRAPS 1).
 */
export class EventParser<Event = unknown> {
  readonly #programId: string;
  readonly #coder: EventCoder<Event>;
  readonly #exact: ProgramCodec | undefined;

  /** @param programId of any `PublicKey` class, or base58. */
  constructor(programId: { toString(): string }, coder: EventCoder<Event>) {
    this.#programId = programId.toString();
    this.#coder = coder;
    this.#exact = exactCodec(coder, this.#programId);
  }

  /**
   * The program's events in order. Never throws, unless `errorOnDecodeFailure` asks for an Error at the first
   * `Program data:` line of the program that is not an event of the coder.
   */
  *parseLogs(logs: readonly string[], errorOnDecodeFailure = false): Generator<NonNullable<Event>, void, undefined> {
    const { events, failed } = walkProgramLogs(this.#programId, logs);
    if (failed) return;
    for (const { payload } of events) {
      const event = this.#decode(payload);
      if (event !== null && event !== undefined) yield event;
      else if (errorOnDecodeFailure) throw new Error(`Unable to decode event ${payload}`);
    }
  }

  #decode(payload: string): Event | null {
    if (this.#exact && !isExact(this.#exact, payload)) return null;
    try {
      return this.#coder.events.decode(payload);
    } catch {
      return null;
    }
  }
}

/** Anchor's coder fills what is missing with zeros and ignores what is left over: our codec of its IDL decides. */
function exactCodec(coder: unknown, programId: string): ProgramCodec | undefined {
  // Anchor declares it private; a coder without one is trusted as it is.
  const idl = (coder as { accounts?: { idl?: Idl } }).accounts?.idl;
  if (!idl) return undefined;
  try {
    return compileProgramCodec(idl, programId);
  } catch {
    return undefined;
  }
}

function isExact(codec: ProgramCodec, payload: string): boolean {
  const { bytes, valid } = decodeLogPayload(payload);
  if (!valid) return false;
  const result = codec.decodeEvent(bytes);
  // A type our codec cannot read is left to the coder.
  return result.ok || codec.unsupported.some(({ what, name }) => what === 'event' && name === result.name);
}
