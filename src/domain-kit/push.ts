import type { Fields, FieldValue, Values } from './field.js';
import type { StateModel } from './model.js';
import type { ProgramEvent } from './program-event.js';
import type { SettledDocument } from './settle.js';

/** What the rooms of a kind are named by: base58 addresses, or any short text. */
export type RoomKey = 'address' | 'text';

/** Where a message is heard: the kind of the room, and its key. Whoever listens to `*` of a kind hears all of it. */
export type Room = readonly [kind: string, key: string];

/** Something that clients are told. u64s become strings, times ISO 8601. */
export interface PushMessage {
  readonly name: string;
  readonly payload: Readonly<Record<string, FieldValue>>;
  readonly rooms: readonly Room[];
}

/** A pure function from an event to what is told of it. Which is told once its documents are committed. */
export type PushOfEvent<Name extends string = string, Data = unknown> = (
  event: ProgramEvent<Name, Data>,
) => readonly PushMessage[];

/** A message that says what a document says, as of the commit that changed it. Null: the document is gone. */
export interface PushOfDocument {
  readonly model: StateModel;
  /** Told when one of these settled fields has another value; null: when an event that changed the document was taken back. */
  readonly whenChanged: readonly string[] | null;
  readonly message: (key: string, document: SettledDocument | null) => PushMessage;
}

/** What a module tells clients that listen. Every part of it is a pure function, so that what was missed can be told again. */
export interface Push {
  /** The kinds of rooms, by the name under which clients ask for them. */
  readonly rooms: Readonly<Record<string, RoomKey>>;
  readonly events: Readonly<Record<string, PushOfEvent>>;
  readonly documents: readonly PushOfDocument[];
  /**
   * Told, to the same rooms, for each message of an event that is taken back. `repeats`: the fields of that message which
   * say what it was about.
   */
  readonly correction: { readonly name: string; readonly repeats: readonly string[] };
}

/** Declares what a module pushes, with the event types generated from its IDL: `definePush<MyGameEvents>({ … })`. */
export function definePush<Events extends object>(push: {
  readonly rooms: Readonly<Record<string, RoomKey>>;
  readonly events: { readonly [N in keyof Events & string]?: PushOfEvent<N, Events[N]> };
  readonly documents?: readonly PushOfDocument[];
  readonly correction: { readonly name: string; readonly repeats: readonly string[] };
}): Push {
  return { ...push, documents: push.documents ?? [], events: push.events as unknown as Push['events'] };
}

/** Tells when what a settle step computes into a document has become something else. */
export function pushResult<F extends Fields, S extends Fields>(
  model: StateModel<F, S>,
  fields: readonly (keyof S & string)[],
  message: (key: string, document: Values<F> & Values<S>) => PushMessage,
): PushOfDocument {
  return { model, whenChanged: fields, message: message as unknown as PushOfDocument['message'] };
}

/** Tells what a document says after an event that had changed it was taken back; null: nothing made it any more. */
export function pushAfterCorrection<F extends Fields, S extends Fields>(
  model: StateModel<F, S>,
  message: (key: string, document: (Values<F> & Values<S>) | null) => PushMessage,
): PushOfDocument {
  return { model, whenChanged: null, message: message as unknown as PushOfDocument['message'] };
}
