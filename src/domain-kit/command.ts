import type { TransactionInstruction } from '@solana/web3.js';
import type { z } from 'zod';
import { MooringError } from '../lib/errors.js';
import type { StateModel } from './model.js';

/** A write that goes to the chain first. Its documents follow from the events it causes, never from here. */
export interface Command {
  /** As the code is called: `PromotionController.create`. */
  readonly name: string;
  readonly method: 'post' | 'patch';
  /** Express path with `:parameters`, below `/api`. */
  readonly path: string;
  readonly summary: string;
  /** Path parameters, by name. */
  readonly params: z.ZodType<Readonly<Record<string, string>>>;
  /** A strict schema: an unknown field is a mistake that would otherwise go unnoticed. */
  readonly body: z.ZodType;
  /**
   * Errors of the program that mean "somebody else was faster", by name: what was read from the chain a moment before
   * (the next serial) was taken meanwhile.
   */
  readonly races: (body: never) => readonly string[];
  /**
   * Requests of the same turn need what the one before has made (the next serial): they are sent one after another.
   * Undefined where nothing is needed.
   */
  readonly turn: (body: never, context: CommandContext) => string | undefined;
  /** Where each request needs a number of its own that nobody chose; undefined where none ever does. */
  readonly numbers: CommandNumbers<never, never> | undefined;
  readonly build: (input: CommandInput<never, never>, context: CommandContext) => Promise<CommandPlan>;
}

/** What a command is built from. */
export interface CommandInput<P, B> {
  readonly params: P;
  readonly body: B;
  /** The number taken for this request; null where its `numbers` name no row. */
  readonly index: bigint | null;
}

/**
 * A row of numbers, such as the ids of a merchant's promotions. One that provably was not used is given to another request;
 * that a number turns out to be taken is to be among the command's `races`.
 */
export interface CommandNumbers<P, B> {
  /** The row's name, the same for whoever takes from it; undefined: this request needs none. */
  readonly row: (input: { readonly params: P; readonly body: B }, context: CommandContext) => string | undefined;
  /** Below `floor` none can be used any more; from `next` on they are free as far as the chain can tell. */
  readonly read: (
    input: { readonly params: P; readonly body: B },
    context: CommandContext,
  ) => Promise<{ readonly floor: bigint; readonly next: bigint }>;
}

/** What a command may ask. Account values come from the chain: it is the truth, MongoDB follows. */
export interface CommandContext {
  /** Where the module's program is deployed. */
  readonly programId: string;
  /** Addresses whose keys the server holds, in the configured order. */
  readonly heldSigners: readonly string[];
  /** Where a wallet signs as well: any address may then be named in a role. */
  readonly forWallets?: boolean;
  /**
   * The module's account of that type (as its IDL writes it) at confirmed, decoded; null where there is none of this
   * type at the address.
   */
  account(type: string, address: string): Promise<unknown>;
  /** Whether there is any account at the address at confirmed, of whatever program. */
  exists(address: string): Promise<boolean>;
}

/** The transaction a command asks for, and what it will have made. */
export interface CommandPlan {
  readonly instructions: readonly TransactionInstruction[];
  /** As `signerFor` gives them. The first one pays. */
  readonly signers: readonly [string, ...string[]];
  /** The account the command is about. */
  readonly address: string;
  /** Every address it makes or changes, by name. */
  readonly addresses: Readonly<Record<string, string | readonly string[]>>;
  /** Documents to show when it is done; the first is the main one. */
  readonly documents: readonly { readonly model: StateModel; readonly key: string }[];
}

/** Declares a command with the types of its schemas. */
export function defineCommand<P extends Readonly<Record<string, string>>, B>(command: {
  readonly name: string;
  readonly method: 'post' | 'patch';
  readonly path: string;
  readonly summary: string;
  readonly params: z.ZodType<P>;
  readonly body: z.ZodType<B>;
  readonly races?: (body: B) => readonly string[];
  readonly turn?: (body: B, context: CommandContext) => string | undefined;
  readonly numbers?: CommandNumbers<P, B>;
  readonly build: (input: CommandInput<P, B>, context: CommandContext) => Promise<CommandPlan>;
}): Command {
  const { races = () => [], turn = () => undefined, numbers } = command;
  return { ...command, races, turn, numbers };
}

/** Why a command cannot even be tried. */
export type CommandRefusalCode = 'signer-not-held' | 'account-not-found' | 'conflict';

/** Thrown by `build`: nothing was sent. */
export class CommandRefused extends MooringError {
  override readonly name = 'CommandRefused';

  constructor(
    override readonly code: CommandRefusalCode,
    message: string,
    /** The field of the request that is to blame. */
    readonly field?: string,
  ) {
    super(code, message);
  }
}

/**
 * The address that signs in a role: the one named in `field`, which may be a wallet's only where the context is for wallets;
 * or the first one that the server holds.
 */
export function signerFor(context: CommandContext, field: string, named: string | undefined): string {
  const { heldSigners, forWallets = false } = context;
  if (forWallets && named !== undefined) return named;
  const held = heldSigners.length > 0 ? `It holds: ${heldSigners.join(', ')}.` : 'It holds none: set SIGNER_KEYPAIRS.';
  const address = named ?? heldSigners[0];
  if (address === undefined || !heldSigners.includes(address)) {
    const wanted =
      address === undefined
        ? 'The server holds no key to sign with.'
        : `The server does not hold the key of ${address}.`;
    throw new CommandRefused('signer-not-held', `${wanted} ${held}`, field);
  }
  return address;
}
