import { findCpiEvents } from './cpi-events.js';
import { decodeLogPayload } from './log-payload.js';
import type {
  DecodedEvent,
  DecodedTransaction,
  DecodeResult,
  EventChannel,
  EventPosition,
  ObservedTransaction,
  ProgramCodec,
  UndecodableEvent,
} from './types.js';
import { walkProgramLogs } from './walk-program-logs.js';

/** What `decodeTransaction` gives. */
export type { DecodedTransaction } from './types.js';

/** Nodes were seen to announce logs under the signature of 64 zero bytes (solana#27017, TRAPS 4). */
const PLACEHOLDER_SIGNATURE = '1'.repeat(64);

const NOTHING: DecodedTransaction = { events: [], undecodable: [], truncated: false, needs: 'nothing' };

/**
 * The events one program left in a transaction. Total, and the same ids, places and data from a socket notice as from
 * the fetched transaction, except that a notice cannot show `emit_cpi!` events (then `needs` says so).
 *
 * What cannot be decoded is handed back with its raw bytes and keeps its ordinal (I1). Failed transactions have no
 * events (I10).
 */
export function decodeTransaction(codec: ProgramCodec, transaction: ObservedTransaction): DecodedTransaction {
  const { signature, failed, logs, trace } = transaction;
  if (failed || signature === PLACEHOLDER_SIGNATURE) return NOTHING;

  const inForce = codec.at(transaction.slot);
  const events: DecodedEvent[] = [];
  const undecodable: UndecodableEvent[] = [];
  const add = (channel: EventChannel, ordinal: number, place: number, raw: Uint8Array, result: DecodeResult): void => {
    const position: EventPosition = { id: `${signature}/${channel}/${ordinal}`, channel, ordinal, place, raw };
    if (result.ok) events.push({ ...position, name: result.name, data: result.data });
    else undecodable.push({ ...position, reason: result.reason, detail: result.detail });
  };

  const walked = logs === null ? null : walkProgramLogs(codec.programId, logs);
  walked?.events.forEach(({ place, ordinal, payload }) => {
    const { bytes, valid } = decodeLogPayload(payload);
    const result: DecodeResult = valid
      ? inForce.decodeEvent(bytes)
      : { ok: false, reason: 'invalid', name: null, detail: 'the Program data line is not base64' };
    add('log', ordinal, place, bytes, result);
  });
  const cpiEvents = trace === null ? [] : findCpiEvents(codec.programId, codec.eventAuthority, trace);
  cpiEvents.forEach(({ place, ordinal, payload }) => add('cpi', ordinal, place, payload, inForce.decodeEvent(payload)));

  if (cpiEvents.length > 0) {
    events.sort(byPlace);
    undecodable.sort(byPlace);
  }
  const truncated = walked?.truncated ?? false;
  const needsTrace = trace === null && (truncated || walked?.selfInvoked === true);
  return { events, undecodable, truncated, needs: walked === null ? 'logs' : needsTrace ? 'transaction' : 'nothing' };
}

function byPlace(a: EventPosition, b: EventPosition): number {
  return a.place - b.place;
}
