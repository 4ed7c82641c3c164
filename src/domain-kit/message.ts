import type { mongo } from 'mongoose';
import type { ProgramEvent } from './program-event.js';

/** Which message: of one id at most one ever leaves. */
export interface MessageName {
  /** Made of letters, digits, `.`, `-` and `_`: the Message-ID of an e-mail is made of it. */
  readonly id: string;
  readonly kind: string;
  /** Whom or what it is about, such as a wallet. */
  readonly key: string;
}

/** A message that an event causes once it is final. */
export interface CausedMessage extends MessageName {
  /** When its cause happened: history that is seen late causes nothing any more. */
  readonly at: Date;
  /** What is logged while nobody has released it. */
  readonly whileWaiting: string;
}

/**
 * A pure function from a final event to the messages it causes. It may throw: the event is then parked in the outbox until an
 * operator retries it.
 */
export type FinalizedHandler<Name extends string = string, Data = unknown> = (
  event: ProgramEvent<Name, Data>,
) => readonly CausedMessage[];

/** An e-mail before it has an id. */
export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/**
 * Writes the letter of a message when it is about to leave, from what the documents say then. Null: they do not want it
 * now; it is asked about again later.
 */
export type LetterOf = (db: mongo.Db, key: string) => Promise<Letter | null>;
