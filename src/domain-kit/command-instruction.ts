import { BorshInstructionCoder, type Idl as AnchorIdl } from '@coral-xyz/anchor';
import { PublicKey, TransactionInstruction, type AccountMeta } from '@solana/web3.js';
import type { Idl } from '../decoding/types.js';
import { anchorArguments, type IdlDefinition, type IdlField } from './instruction-arguments.js';

/**
 * Makes instructions of one program from its IDL, with every account given by name: nothing is looked up. An optional
 * account that is null is left out, for which Anchor's programs expect their own address in its place.
 */
export type InstructionBuilder = (
  name: string,
  args: Readonly<Record<string, unknown>>,
  accounts: Readonly<Record<string, string | null>>,
  remaining?: readonly AccountMeta[],
) => TransactionInstruction;

/** The parts of an IDL instruction that building needs. */
interface IdlInstruction {
  readonly name: string;
  readonly accounts: readonly IdlAccount[];
  readonly args: readonly IdlField[];
}

interface IdlAccount {
  readonly name: string;
  readonly writable?: boolean;
  readonly signer?: boolean;
  readonly optional?: boolean;
  readonly address?: string;
  readonly pda?: { readonly seeds: readonly { readonly kind: string; readonly value?: readonly number[] }[] };
}

/**
 * The builder of a program deployed at `programId`. Names are those of the IDL; arguments are plain values, as decoding gives
 * them. Anchor's own client would do, but resolves accounts over its own connection, past our endpoints and their failover.
 */
export function createInstructionBuilder(idl: Idl, programId: string): InstructionBuilder {
  const coder = new BorshInstructionCoder(idl as unknown as AnchorIdl);
  const instructions = new Map(
    (idl as unknown as { instructions: readonly IdlInstruction[] }).instructions.map((entry) => [entry.name, entry]),
  );
  const definitions = new Map(
    ((idl.types ?? []) as readonly IdlDefinition[]).map((definition) => [definition.name, definition]),
  );
  const program = new PublicKey(programId);

  return (name, args, accounts, remaining = []) => {
    const instruction = instructions.get(name);
    if (!instruction) throw new Error(`the IDL has no instruction ${name}`);
    const keys = instruction.accounts.map((account): AccountMeta => {
      if (accounts[account.name] === null && account.optional === true) {
        return { pubkey: program, isSigner: false, isWritable: false };
      }
      const address = accounts[account.name] ?? wellKnown(account, idl.address, program);
      if (address === undefined) throw new Error(`${name} needs the account ${account.name}`);
      return {
        pubkey: new PublicKey(address),
        isSigner: account.signer === true,
        isWritable: account.writable === true,
      };
    });
    return new TransactionInstruction({
      programId: program,
      keys: [...keys, ...remaining],
      data: coder.encode(name, anchorArguments(instruction.args, definitions, args)),
    });
  };
}

/** Accounts whose address the IDL itself says: constants, and PDAs of constant seeds only. */
function wellKnown(account: IdlAccount, idlAddress: string, program: PublicKey): string | undefined {
  // The program itself may be deployed elsewhere than the IDL says.
  if (account.address !== undefined) return account.address === idlAddress ? program.toBase58() : account.address;
  // By this name Anchor's `event_cpi` asks for the program itself, and its IDLs do not say where that is.
  if (account.name === 'program') return program.toBase58();
  const seeds = account.pda?.seeds;
  if (!seeds?.every((seed) => seed.kind === 'const' && seed.value !== undefined)) return undefined;
  const parts = seeds.map((seed) => Buffer.from(seed.value ?? []));
  return PublicKey.findProgramAddressSync(parts, program)[0].toBase58();
}
