import type { Fields, FieldValue, Values } from './field.js';
import type { FactModel, StateModel } from './model.js';

/** New absolute values for some owned fields of the document of one account. */
export interface StateWrite {
  readonly kind: 'state';
  readonly model: StateModel;
  readonly key: string;
  readonly patch: Readonly<Record<string, FieldValue>>;
  /** The account's own change counter after this event; 0 where the program keeps none. Decides within a slot. */
  readonly revision: bigint;
}

/** The account was closed: its document ends, until an event that comes after opens it again. */
export interface CloseWrite {
  readonly kind: 'close';
  readonly model: StateModel;
  readonly key: string;
  readonly revision: bigint;
}

/** A document that exists because this one event happened. */
export interface FactWrite {
  readonly kind: 'fact';
  readonly model: FactModel;
  readonly key: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** What a handler may ask for. There is no increment: it is neither replayable nor safe out of order. */
export type Write = StateWrite | CloseWrite | FactWrite;

/** Sets fields of the document of the account `key`, creating it when it is new. */
export function state<F extends Fields>(
  model: StateModel<F>,
  key: string,
  patch: Partial<Values<F>>,
  order: { readonly revision: bigint } = { revision: 0n },
): StateWrite {
  return { kind: 'state', model, key, patch: patch as Record<string, FieldValue>, revision: order.revision };
}

/** Ends the document of the account `key`. */
export function close(
  model: StateModel,
  key: string,
  order: { readonly revision: bigint } = { revision: 0n },
): CloseWrite {
  return { kind: 'close', model, key, revision: order.revision };
}

/** A document of its own for this event. */
export function fact<F extends Fields>(
  model: FactModel<F>,
  event: { readonly id: string },
  fields: Values<F>,
): FactWrite {
  return { kind: 'fact', model, key: event.id, fields: fields };
}
