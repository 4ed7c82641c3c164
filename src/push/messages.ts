import type { Push, PushMessage } from '../domain-kit/push.js';
import type { Commit } from '../ledger/commit-log.js';
import type { LedgerRecord } from '../ledger/ledger-record.js';
import { messageOf } from '../lib/errors.js';
import { roomName, type RoomName } from './rooms.js';

/** A message as it goes out, but for the cursor, which depends on what else was told. */
export interface OutgoingMessage {
  readonly name: string;
  readonly rooms: readonly RoomName[];
  /** JSON. `id` is the same whoever tells it, and however often: by it clients drop repeats. */
  readonly payload: Readonly<Record<string, unknown>> & { readonly id: string };
}

/** A module that pushes. */
export interface PushingModule {
  readonly name: string;
  readonly push: Push;
}

/** What a client has to know first comes first: what is true no more, what is, and what follows from it. */
export function messagesOf(
  module: PushingModule,
  commit: Commit,
  records: ReadonlyMap<string, LedgerRecord>,
  onBroken: (fields: object) => void,
): OutgoingMessage[] {
  const { push } = module;
  const bare = [
    ...commit.left.flatMap(({ version, reason, detail }) => {
      const record = records.get(version);
      if (!record) return [];
      return ofEvent(push, record, onBroken).map((message) => correctionOf(push, record, message, { reason, detail }));
    }),
    ...commit.entered.flatMap((version) => {
      const record = records.get(version);
      if (!record) return [];
      return ofEvent(push, record, onBroken).map((message) => withOrigin(record, message));
    }),
    ...commit.documents.flatMap((document) => ofDocument(push, document, onBroken)),
  ];
  return bare.map(({ name, payload, rooms }, index) => ({
    name,
    rooms: [...new Set(rooms.flatMap((room) => [roomName(room), roomName([room[0], '*'])]))],
    payload: { ...jsonOf(payload), id: `${module.name}/${commit.number}-${commit.mark}/${index}` },
  }));
}

/** A mapping that throws keeps its message back, and nobody else's. */
function ofEvent(push: Push, record: LedgerRecord, onBroken: (fields: object) => void): readonly PushMessage[] {
  const { _id: id, name, signature, slot, data } = record;
  try {
    // A commit may name events that are nobody's message.
    const message = Object.hasOwn(push.events, name) ? push.events[name] : undefined;
    return message?.({ id, name, signature, slot, data }) ?? [];
  } catch (error) {
    onBroken({ event: id, name, error: messageOf(error) });
    return [];
  }
}

function ofDocument(
  push: Push,
  { collection, key, changed, fields }: Commit['documents'][number],
  onBroken: (fields: object) => void,
): PushMessage[] {
  return push.documents.flatMap(({ model, whenChanged, message }) => {
    if (model.collection !== collection) return [];
    const isMeant = changed === null ? whenChanged === null : whenChanged?.some((field) => changed.includes(field));
    if (!isMeant) return [];
    try {
      return [message(key, fields as Parameters<typeof message>[1])];
    } catch (error) {
      onBroken({ collection, key, error: messageOf(error) });
      return [];
    }
  });
}

function withOrigin({ _id, signature, slot }: LedgerRecord, message: PushMessage): PushMessage {
  return { ...message, payload: { eventId: _id, signature, slot, ...message.payload } };
}

/** Says what a message was about, which one it was, and why it holds no more. */
function correctionOf(
  { correction }: Push,
  { _id: eventId, signature, slot }: LedgerRecord,
  { name, payload, rooms }: PushMessage,
  why: { readonly reason: string; readonly detail: string },
): Omit<PushMessage, 'payload'> & { readonly payload: Readonly<Record<string, unknown>> } {
  const repeated = Object.fromEntries(
    correction.repeats.filter((field) => field in payload).map((field) => [field, payload[field]]),
  );
  return {
    name: correction.name,
    rooms,
    payload: { ...repeated, ...why, of: { name, eventId, signature, slot, payload } },
  };
}

/** u64s as strings of digits, times as ISO 8601. */
function jsonOf(payload: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, jsonValue(value)]));
}

function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return jsonOf(value as Readonly<Record<string, unknown>>);
}
