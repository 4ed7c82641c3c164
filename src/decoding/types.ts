/**
 * What the decoder needs of an Anchor IDL (spec 0.1.0, Anchor ≥ 0.30). Structural and loose on purpose: it accepts
 * `import idl from './coupons.json' with { type: 'json' }` (whose literals TypeScript widens) and Anchor's own `Idl`.
 * What is `unknown` here is checked when the codec is compiled.
 */
export interface Idl {
  readonly address: string;
  readonly events?: readonly IdlDiscriminated[];
  readonly accounts?: readonly IdlDiscriminated[];
  readonly types?: readonly IdlTypeDefinition[];
}

/** An older IDL of a program and the last slot in which the program spoke it. */
export interface IdlRange {
  /**
   * The slot in which the upgrade landed that ended it: an upgraded program runs from the slot after.
   * https://solana.com/docs/programs/deploying
   */
  readonly untilSlot: number;
  readonly idl: Idl;
}

/** An event or account of an IDL: its type is the definition of the same name. */
export interface IdlDiscriminated {
  readonly name: string;
  readonly discriminator: readonly number[];
}

/** A struct, enum or alias of an IDL. */
export interface IdlTypeDefinition {
  readonly name: string;
  readonly serialization?: unknown;
  readonly repr?: unknown;
  readonly generics?: unknown;
  readonly type: {
    readonly kind: string;
    readonly fields?: unknown;
    readonly variants?: unknown;
    readonly alias?: unknown;
  };
}

/**
 * A decoded value. Integers up to 32 bits and floats are numbers, wider integers bigints (TRAPS 26), public keys base58
 * strings, `bytes`, `[u8; N]` and `Vec<u8>` views of the input, other vectors and arrays arrays, an absent option null.
 *
 * An enum whose variants all carry nothing is the variant's name in camelCase ('active'). Any other enum is an object
 * `{ kind: 'variantName', ...fields }` for every variant of it; a field that is itself called `kind` becomes `kind_`.
 * Fields without names (of tuple structs and variants) are called '0', '1', … as Anchor does.
 */
export type DecodedValue =
  boolean | number | bigint | string | null | Uint8Array | readonly DecodedValue[] | DecodedData;

/** The fields of a decoded struct, named in camelCase by Anchor's rule. */
export interface DecodedData {
  readonly [field: string]: DecodedValue;
}

/**
 * Why bytes could not be decoded: `unknown-discriminator` (not ours, or of another IDL version), `short` (they end
 * early), `trailing` (an event has bytes left over), `invalid` (a value that the type does not allow, or a type this
 * decoder does not support).
 */
export type UndecodableReason = 'unknown-discriminator' | 'short' | 'trailing' | 'invalid';

/** Bytes decoded, or the reason why not with a sentence for people. */
export type DecodeResult =
  | { readonly ok: true; readonly name: string; readonly data: DecodedData }
  | {
      readonly ok: false;
      readonly reason: UndecodableReason;
      /** The event or account the discriminator stands for; null where it stands for none. */
      readonly name: string | null;
      readonly detail: string;
    };

/** An IDL compiled to functions. Every one of them is total. */
export interface ProgramCodec {
  /** Base58. */
  readonly programId: string;
  /** Base58 address of the PDA that signs this program's `emit_cpi!` self-invocations. */
  readonly eventAuthority: string;
  /** As the IDL writes them (PascalCase). */
  readonly eventNames: readonly string[];
  /** As the IDL writes them (PascalCase). */
  readonly accountNames: readonly string[];
  /** Events and accounts whose type this decoder cannot read; decoding one of them gives `invalid` with the reason. */
  readonly unsupported: readonly UnsupportedType[];
  /** Discriminator and borsh, to the last byte: an event has no bytes left over. */
  decodeEvent(bytes: Uint8Array): DecodeResult;
  /** Discriminator and borsh; what follows is allocated space and is ignored. */
  decodeAccount(bytes: Uint8Array): DecodeResult;
  /** The codec of the IDL that the program spoke in this slot; `decodeEvent` and `decodeAccount` here are the newest. */
  at(slot: number): ProgramCodec;
  /** The first bytes of every account of that name, for memcmp filters; undefined for a name the IDL does not have. */
  accountDiscriminator(name: string): Uint8Array | undefined;
}

/** An event or account of the IDL that cannot be decoded, and why. */
export interface UnsupportedType {
  readonly what: 'event' | 'account';
  readonly name: string;
  readonly reason: string;
}

/** One executed instruction of a fetched transaction. */
export interface TraceInstruction {
  /** Base58. */
  readonly programId: string;
  /** Base58, in the order the program sees them. */
  readonly accounts: readonly string[];
  readonly data: Uint8Array;
  /** 1 for a top-level instruction, 2 for what it invokes; null from nodes before Solana 1.14, which did not record it. */
  readonly stackHeight: number | null;
  readonly topLevel: boolean;
}

/** A transaction as the socket or `getTransaction` shows it, reduced to what decoding needs. */
export interface ObservedTransaction {
  readonly signature: string;
  readonly slot: number;
  /** The transaction has an error: nothing in it happened (I10). */
  readonly failed: boolean;
  /** null: this node keeps no logs (TRAPS 4). Empty: there are none. */
  readonly logs: readonly string[] | null;
  /** Every invocation in order of execution; null: not known (a socket notice, or a node that keeps no inner ones). */
  readonly trace: readonly TraceInstruction[] | null;
}

/** Where an event stands in its transaction. The same whatever node or method showed the transaction. */
export interface EventPosition {
  /** `<signature>/log/<n>` or `<signature>/cpi/<n>`. */
  readonly id: string;
  /** `log`: a `Program data:` line (`emit!`). `cpi`: a self-invocation (`emit_cpi!`). */
  readonly channel: EventChannel;
  /** From 0, counted by channel; undecodable events count too, so that a later IDL changes no id. */
  readonly ordinal: number;
  /** Orders the events of both channels within the transaction. */
  readonly place: number;
  /** Discriminator and borsh, as the program emitted it. */
  readonly raw: Uint8Array;
}

/** The two ways an Anchor program emits events. */
export type EventChannel = 'log' | 'cpi';

/** An event of the program. */
export interface DecodedEvent extends EventPosition {
  readonly name: string;
  readonly data: DecodedData;
}

/** An event of the program that its IDL does not explain: to be parked with its raw bytes (I1). */
export interface UndecodableEvent extends EventPosition {
  readonly reason: UndecodableReason;
  readonly detail: string;
}

/** The events of one transaction, in place order, and what else has to be looked at to have all of them. */
export interface DecodedTransaction {
  readonly events: readonly DecodedEvent[];
  readonly undecodable: readonly UndecodableEvent[];
  /** The node cut the logs: log events after the cut are lost here, the touched accounts have to be read (TRAPS 2). */
  readonly truncated: boolean;
  /**
   * `transaction`: the program invoked itself or the logs were cut, so there may be `emit_cpi!` events: fetch the
   * transaction. `logs`: this node keeps none, ask another. `nothing`: these are all the events this program left.
   */
  readonly needs: 'nothing' | 'transaction' | 'logs';
}
