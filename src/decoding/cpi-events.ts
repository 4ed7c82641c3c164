import { cpiEventPlace } from './event-place.js';
import { isPrecompile } from './precompiles.js';
import type { TraceInstruction } from './types.js';

/** An `emit_cpi!` event as it stands in a transaction. */
export interface CpiEvent {
  readonly place: number;
  /** Counts the inner instructions of the whole transaction that carry the tag: no two programs have the same one. */
  readonly ordinal: number;
  /** Discriminator and borsh, without the tag. */
  readonly payload: Uint8Array;
}

/** First 8 bytes of sha256("anchor:event") in little-endian order of a u64: Anchor's EVENT_IX_TAG_LE. */
const EVENT_TAG = Uint8Array.of(0xe4, 0x45, 0xa5, 0x2e, 0x51, 0xcb, 0x9a, 0x1d);

/**
 * Finds the events a program emitted by invoking itself (`emit_cpi!`): the tag, the event authority as first account,
 * and the program itself as the immediate caller (I11, TRAPS 3).
 *
 * Anyone can write an instruction with these bytes and name the authority without its signature, and the JSON of a
 * transaction does not say who signed an inner instruction. Hence: never a top-level instruction, and never one that
 * another program invoked. Only the caller named here can have signed for the authority, a PDA of its own.
 *
 * Nodes before Solana 1.14 recorded no stack height, so the caller is unknown. There the authority account has to do:
 * Anchor's dispatch of the tag refuses an authority that did not sign, which fails the whole transaction, and the events
 * of failed transactions are never looked for.
 */
export function findCpiEvents(
  programId: string,
  eventAuthority: string,
  trace: readonly TraceInstruction[],
): readonly CpiEvent[] {
  const events: CpiEvent[] = [];
  /** Program of each open frame, outermost first. */
  const frames: string[] = [];
  let invocations = 0;
  let tagged = 0;
  /** Inner instructions that nobody asked about yet: reading their data costs, and without an event of ours nobody will. */
  const unread: TraceInstruction[] = [];

  for (const instruction of trace) {
    if (isPrecompile(instruction.programId)) continue;
    invocations++;
    const height = instruction.topLevel ? 1 : instruction.stackHeight;
    const caller = height === null ? undefined : frames[height - 2];
    const fromProgram = !instruction.topLevel && (height === null || caller === programId);

    const isOurs = fromProgram && instruction.programId === programId && instruction.accounts[0] === eventAuthority;
    if (isOurs) {
      for (const { data } of unread.splice(0)) if (taggedPayload(data)) tagged++;
      const payload = taggedPayload(instruction.data);
      if (payload) events.push({ place: cpiEventPlace(invocations), ordinal: tagged++, payload });
    } else if (!instruction.topLevel) unread.push(instruction);

    // Without a height only the top-level frame is certain.
    frames.length = Math.min(frames.length, height === null ? 1 : Math.max(0, height - 1));
    if (height !== null && frames.length === height - 1) frames.push(instruction.programId);
  }
  return events;
}

function taggedPayload(data: Uint8Array): Uint8Array | undefined {
  if (data.length < EVENT_TAG.length) return undefined;
  for (let i = 0; i < EVENT_TAG.length; i++) if (data[i] !== EVENT_TAG[i]) return undefined;
  return data.subarray(EVENT_TAG.length);
}
