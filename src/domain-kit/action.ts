import type { mongo } from 'mongoose';
import type { z } from 'zod';
import type { ReleaseNotes } from '../ledger/outbox.js';
import type { MessageName } from './message.js';

/** What an action works with. */
export interface ActionContext {
  readonly db: mongo.Db;
  readonly now: () => Date;
  /**
   * Runs `body` in one transaction with majority commit. After a conflict with somebody else's it runs again: it must have
   * no effect but its writes.
   */
  readonly transaction: <T>(body: (session: mongo.ClientSession) => Promise<T>) => Promise<T>;
  /** Says that a message may leave as soon as there is a cause for it. In the transaction of what lets it. */
  readonly release: (session: mongo.ClientSession, message: MessageName, notes?: ReleaseNotes) => Promise<void>;
}

/**
 * A request that is answered from MongoDB, or writes there alone: what people say of themselves, never what a program
 * says. A `post` carries its own proof of who asks and needs no API key; a `get` is a read like any other.
 */
export interface Action {
  /** As the code is called: `DeveloperController.register`. */
  readonly name: string;
  readonly method: 'get' | 'post';
  /** Express path with `:parameters`, below `/api`. */
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodType<Readonly<Record<string, string>>>;
  readonly query: z.ZodType;
  readonly body: z.ZodType;
  /** What it answers, for the OpenAPI document. */
  readonly answer: z.ZodType;
  /** Of an answer that is no problem. */
  readonly status: 200 | 201;
  /** Codes of the problems it answers with beside those that any request can meet. */
  readonly refusals: readonly string[];
  /** @throws MooringError with one of `refusals`. Null: there is no such thing. */
  readonly run: (
    input: { readonly params: never; readonly query: never; readonly body: never },
    context: ActionContext,
  ) => Promise<object | null>;
}

/** Declares an action with the types of its schemas. */
export function defineAction<P extends Readonly<Record<string, string>>, Q, B>(action: {
  readonly name: string;
  readonly method: 'get' | 'post';
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly query: z.ZodType<Q>;
  readonly body: z.ZodType<B>;
  readonly answer: z.ZodType;
  readonly status: 200 | 201;
  readonly refusals?: readonly string[];
  readonly run: (
    input: { readonly params: P; readonly query: Q; readonly body: B },
    context: ActionContext,
  ) => Promise<object | null>;
}): Action {
  return { ...action, refusals: action.refusals ?? [] };
}
