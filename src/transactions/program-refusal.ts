import { LangErrorCode, LangErrorMessage } from '@coral-xyz/anchor';

/** The chain's no, as a program's error with its name and sentence where anybody knows them. */
export interface ProgramRefusal {
  /** `simulation`: nothing was ever sent. `landed`: it is on chain, failed, without effect but its fee. */
  readonly stage: 'simulation' | 'landed';
  /** `NotCouponOwner`, `ConstraintSeeds`, `InsufficientFundsForFee`, … */
  readonly name: string;
  readonly message: string;
  /** The program's own number, where a program failed. */
  readonly code: number | null;
  /** The program that failed; null when the runtime refused the transaction itself. */
  readonly program: string | null;
}

/** The errors of a program as its IDL lists them. */
export interface ErrorCatalog {
  readonly address: string;
  readonly errors: readonly { readonly code: number; readonly name: string; readonly msg?: string }[];
}

const SYSTEM_PROGRAM = '11111111111111111111111111111111';
const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';

/** Programs without an IDL whose errors people meet (solana-system-interface, spl-token). */
const WELL_KNOWN: Readonly<Record<string, Readonly<Record<number, readonly [string, string]>>>> = {
  [SYSTEM_PROGRAM]: {
    0: ['AccountAlreadyInUse', 'An account with this address already exists'],
    1: ['InsufficientLamports', 'The paying account does not hold enough lamports'],
  },
  [TOKEN_PROGRAM]: {
    1: ['InsufficientTokenFunds', 'The token account does not hold enough tokens'],
    17: ['TokenAccountFrozen', 'The token account is frozen'],
  },
};

const RUNTIME: Readonly<Record<string, string>> = {
  AccountNotFound: 'The paying account does not exist: fund it first',
  InsufficientFundsForFee: 'The paying account cannot pay the fee: fund it first',
  InsufficientFundsForRent: 'An account would be left below the rent-exempt minimum: fund the payer first',
  ProgramAccountNotFound: 'The program is not deployed on this chain',
};

const ANCHOR_NAMES = new Map(Object.entries(LangErrorCode).map(([name, code]) => [Number(code), name]));

/**
 * Names a node's transaction error. Decided by the structured error and by which program the runtime says failed;
 * the text a program logs is not believed, since it may carry what a user wrote.
 */
export function describeRefusal(
  stage: ProgramRefusal['stage'],
  err: unknown,
  logs: readonly string[],
  catalogs: readonly ErrorCatalog[],
): ProgramRefusal {
  const instruction = instructionError(err);
  if (instruction === undefined) {
    const name = nameOf(err);
    return {
      stage,
      name,
      message: RUNTIME[name] ?? `The chain refused the transaction: ${name}`,
      code: null,
      program: null,
    };
  }
  const program = failedProgram(logs);
  const code = customCode(instruction);
  if (code === undefined) {
    const name = nameOf(instruction);
    return { stage, name, message: `The program failed with ${name}`, code: null, program };
  }
  const [name, message] = describeCode(code, program, catalogs);
  return { stage, name, message, code, program };
}

function describeCode(
  code: number,
  program: string | null,
  catalogs: readonly ErrorCatalog[],
): readonly [string, string] {
  const own = catalogs
    .filter((catalog) => program === null || catalog.address === program)
    .flatMap((catalog) => catalog.errors)
    .find((error) => error.code === code);
  if (own) return [own.name, own.msg ?? own.name];
  const known = program === null ? undefined : WELL_KNOWN[program]?.[code];
  if (known) return known;
  const anchor = ANCHOR_NAMES.get(code);
  if (anchor) return [anchor, LangErrorMessage.get(code) ?? anchor];
  return [`Custom${code}`, `The program failed with its error ${code}`];
}

/** The innermost program that failed: it is the first to say so. */
function failedProgram(logs: readonly string[]): string | null {
  for (const line of logs) {
    const match = /^Program ([1-9A-HJ-NP-Za-km-z]{32,44}) failed: /.exec(line);
    if (match) return match[1] ?? null;
  }
  return null;
}

/** The second half of `{"InstructionError": [index, error]}`. */
function instructionError(err: unknown): unknown {
  if (typeof err !== 'object' || err === null || !('InstructionError' in err)) return undefined;
  const parts: unknown = err.InstructionError;
  return Array.isArray(parts) ? (parts[1] as unknown) : undefined;
}

function customCode(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('Custom' in error)) return undefined;
  return typeof error.Custom === 'number' ? error.Custom : undefined;
}

/** The node writes an error as its name, or as an object with the name as the only key. */
function nameOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null) return Object.keys(error)[0] ?? 'TransactionError';
  return 'TransactionError';
}
