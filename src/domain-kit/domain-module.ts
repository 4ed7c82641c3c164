import type { Idl, IdlRange } from '../decoding/types.js';
import type { FinalizedHandler, LetterOf } from './message.js';
import type { Model, ModelIndex, StateModel } from './model.js';
import type { ProgramEvent } from './program-event.js';
import type { ProgramSettings } from './program-settings.js';
import type { Push } from './push.js';
import type { Settle } from './settle.js';
import type { Write } from './writes.js';

export type { Idl, IdlRange, ProgramEvent };

/** A pure function from an event to the writes it causes. It may throw: the event is then retried and kept. */
export type EventHandler<Name extends string = string, Data = unknown> = (
  event: ProgramEvent<Name, Data>,
) => readonly Write[];

/**
 * A pure function from an account as it is on chain to the whole document that mirrors it; in a list, that one first, and
 * then what else the account tells, such as a document that outlives it.
 */
export type AccountHandler<Data = unknown> = (
  address: string,
  account: Data,
) => Write | readonly [mirror: Write, ...others: Write[]];

/** A collection of people's own that actions of a module write: no projection, replay or reconcile ever looks at it. */
export interface OwnCollection {
  readonly collection: string;
  readonly indexes: readonly ModelIndex[];
  /** A field with a moment after which a document may go; unset: documents stay. */
  readonly expiresAt?: string;
}

/** Everything mooring needs to know about one program. */
export interface DomainModule {
  /** Short name: the key of leases, frontiers, metrics and of `ledger_events.program`. */
  readonly name: string;
  /** Raised when handlers change in a way that needs their projections rebuilt from the ledger. */
  readonly version: number;
  readonly program: {
    /** The newest. */
    readonly idl: Idl;
    readonly address: string;
    /** Older ones, oldest first: what happened in their slots is decoded by them. */
    readonly history: readonly IdlRange[];
  };
  readonly models: readonly Model[];
  readonly events: Readonly<Record<string, EventHandler>>;
  readonly accounts: Readonly<Record<string, AccountHandler>>;
  readonly settle: readonly Settle[];
  /** What clients are told; null: nothing, and no commit of it is logged. */
  readonly push: Push | null;
  /** Messages that events cause once they are final, by the event's name. */
  readonly onFinalized: Readonly<Record<string, FinalizedHandler>>;
  /** By the kind of message. */
  readonly letters: Readonly<Record<string, LetterOf>>;
  readonly ownCollections: readonly OwnCollection[];
  /** How the program is followed where the environment does not say; what is left out is as for the rest. */
  readonly settings: Partial<ProgramSettings>;
}

/** A module with the event and account types generated from its IDL. Every event must have a handler. */
export interface ModuleDefinition<Events extends object, Accounts extends object> {
  readonly name: string;
  readonly version: number;
  /**
   * `address` where the program is deployed elsewhere than its IDL says. `history` after an upgrade that changed events
   * or accounts: the IDLs before, oldest first, each with the last slot it was in force. The generated types are those of
   * the newest IDL: a handler of an event that looked different before has to look at what it got.
   */
  readonly program: { readonly idl: Idl; readonly address?: string; readonly history?: readonly IdlRange[] };
  readonly models: readonly Model[];
  readonly events: { readonly [N in keyof Events & string]: EventHandler<N, Events[N]> };
  readonly accounts: { readonly [N in keyof Accounts & string]?: AccountHandler<Accounts[N]> };
  readonly settle?: readonly Settle[];
  readonly push?: Push;
  readonly onFinalized?: { readonly [N in keyof Events & string]?: FinalizedHandler<N, Events[N]> };
  readonly letters?: Readonly<Record<string, LetterOf>>;
  readonly ownCollections?: readonly OwnCollection[];
  readonly settings?: Partial<ProgramSettings>;
}

/**
 * Declares a domain. The types are given in two steps so that the compiler checks every handler:
 * `defineModule<CouponsEvents, CouponsAccounts>({ … })`.
 */
export function defineModule<Events extends object, Accounts extends object>(
  definition: ModuleDefinition<Events, Accounts>,
): DomainModule {
  return {
    name: definition.name,
    version: definition.version,
    program: {
      idl: definition.program.idl,
      address: definition.program.address ?? definition.program.idl.address,
      history: definition.program.history ?? [],
    },
    models: definition.models,
    events: definition.events as unknown as Readonly<Record<string, EventHandler>>,
    accounts: definition.accounts as unknown as Readonly<Record<string, AccountHandler>>,
    settle: definition.settle ?? [],
    push: definition.push ?? null,
    onFinalized: (definition.onFinalized ?? {}) as unknown as Readonly<Record<string, FinalizedHandler>>,
    letters: definition.letters ?? {},
    ownCollections: definition.ownCollections ?? [],
    settings: definition.settings ?? {},
  };
}

/** What an account handler made of an account, as a list: the document that mirrors it comes first. */
export function writesOfAccount(made: ReturnType<AccountHandler>): readonly [mirror: Write, ...others: Write[]] {
  return 'kind' in made ? [made] : made;
}

/** The models whose documents end with the account at their address. */
export function modelsEndingWithAccount(module: Pick<DomainModule, 'models'>): StateModel[] {
  return stateModels(module).filter(({ outlivesAccount }) => !outlivesAccount);
}

/** The models of documents that records change step by step. */
export function stateModels({ models }: Pick<DomainModule, 'models'>): StateModel[] {
  return models.filter((model) => model.kind === 'state');
}
