import { PublicKey, TransactionInstruction } from '@solana/web3.js';
import bs58 from 'bs58';
import { compileProgramCodec } from '../../../src/decoding/idl-codec.js';
import type { Idl } from '../../../src/decoding/types.js';
import { defineModule } from '../../../src/domain-kit/domain-module.js';
import { firstNonces, type SimNonces } from './sim-nonces.js';
import { SIGNERS } from './tx-signers.js';

/** A row of numbers and serials, as the program keeps it. Never changed: an execution makes a new one. */
export interface Row {
  readonly taken: ReadonlySet<bigint>;
  readonly serial: bigint;
  readonly isClosed: boolean;
}

/** What the program knows after some block. */
export interface Bank {
  readonly rows: ReadonlyMap<string, Row>;
  /** Payers that can pay no fee. */
  readonly broke: ReadonlySet<string>;
  readonly nonces: SimNonces;
}

export const FIRST_BANK: Bank = { rows: new Map(), broke: new Set(), nonces: firstNonces(SIGNERS) };
const NEW_ROW: Row = { taken: new Set(), serial: 0n, isClosed: false };

/** What an instruction asks for. */
export type Action =
  | { readonly kind: 'note' }
  /** Fails where the row is closed. */
  | { readonly kind: 'write' }
  /** Fails where the number is taken. */
  | { readonly kind: 'take'; readonly number: bigint }
  /** Fails where the row's serial is another one. */
  | { readonly kind: 'next'; readonly number: bigint };

const KINDS = ['note', 'write', 'take', 'next'] as const;
const DISCRIMINATOR = Buffer.from('526f772e2e2e2e2e', 'hex');
/** The errors of the program, by name. */
const ERRORS = { Closed: 6_000, NumberTaken: 6_001, WrongSerial: 6_002 } as const;
const DATA_BYTES = 17;

const PROGRAM = new PublicKey(new Uint8Array(32).fill(17));
export const PROGRAM_ID = PROGRAM.toBase58();

const IDL = {
  address: PROGRAM_ID,
  metadata: { name: 'rows', version: '0.1.0', spec: '0.1.0' },
  instructions: [],
  accounts: [{ name: 'Row', discriminator: [...DISCRIMINATOR] }],
  events: [],
  errors: Object.entries(ERRORS).map(([name, code]) => ({ name, code })),
  types: [
    {
      name: 'Row',
      type: {
        kind: 'struct',
        fields: [
          { name: 'next', type: 'u64' },
          { name: 'serial', type: 'u64' },
          { name: 'isClosed', type: 'bool' },
        ],
      },
    },
  ],
} as unknown as Idl;

export const rowsModule = defineModule<object, object>({
  ...{ name: 'rows', version: 1, program: { idl: IDL }, models: [], events: {}, accounts: {} },
});
export const rowsCodec = compileProgramCodec(IDL);

/** The address of the n-th row. */
export function rowAddress(n: number): string {
  return bs58.encode(new Uint8Array(32).fill(100 + n));
}

/** `tag` names the intent: what two requests with the same one ask for is the same to the byte. */
export function instructionOf(row: string, payer: string, tag: bigint, action: Action): TransactionInstruction {
  const data = Buffer.alloc(DATA_BYTES);
  data.writeUInt8(KINDS.indexOf(action.kind), 0);
  data.writeBigUInt64LE(tag, 1);
  data.writeBigUInt64LE('number' in action ? action.number : 0n, 9);
  return new TransactionInstruction({
    programId: PROGRAM,
    keys: [
      { pubkey: new PublicKey(payer), isSigner: true, isWritable: true },
      { pubkey: new PublicKey(row), isSigner: false, isWritable: true },
    ],
    data,
  });
}

/** An instruction as it is in the bytes of a transaction. */
export interface Called {
  readonly row: string;
  readonly action: Action;
}

/** What an instruction's data says. */
export function calledOf(row: string, data: Uint8Array): Called {
  const bytes = Buffer.from(data);
  const kind = KINDS[bytes.readUInt8(0)];
  const number = bytes.readBigUInt64LE(9);
  if (kind === undefined) throw new Error('no such instruction');
  return { row, action: kind === 'note' || kind === 'write' ? { kind } : { kind, number } };
}

/** Runs all of them, or none. `error`: the program's number of what failed. */
export function execute(bank: Bank, called: readonly Called[]): { readonly bank: Bank; readonly error: number | null } {
  const rows = new Map(bank.rows);
  for (const { row: address, action } of called) {
    const row = rows.get(address) ?? NEW_ROW;
    switch (action.kind) {
      case 'note':
        break;
      case 'write':
        if (row.isClosed) return { bank, error: ERRORS.Closed };
        break;
      case 'take':
        if (row.taken.has(action.number)) return { bank, error: ERRORS.NumberTaken };
        rows.set(address, { ...row, taken: new Set([...row.taken, action.number]) });
        break;
      case 'next':
        if (row.serial !== action.number) return { bank, error: ERRORS.WrongSerial };
        rows.set(address, { ...row, serial: row.serial + 1n });
        break;
    }
  }
  return { bank: { ...bank, rows }, error: null };
}

/** What somebody else does to a row. */
export function meddled(bank: Bank, address: string, change: (row: Row) => Row): Bank {
  return { ...bank, rows: new Map(bank.rows).set(address, change(bank.rows.get(address) ?? NEW_ROW)) };
}

/** The lowest number above all that are taken. */
export function nextNumber({ taken }: Row): bigint {
  let next = 0n;
  for (const number of taken) if (number >= next) next = number + 1n;
  return next;
}

/** A row as getMultipleAccounts gives it; null where nobody has touched it. */
export function renderRow(bank: Bank, address: string): unknown {
  const row = bank.rows.get(address);
  if (!row) return null;
  const data = Buffer.alloc(25);
  DISCRIMINATOR.copy(data);
  data.writeBigUInt64LE(nextNumber(row), 8);
  data.writeBigUInt64LE(row.serial, 16);
  data.writeUInt8(row.isClosed ? 1 : 0, 24);
  return {
    ...{ executable: false, lamports: 1_000_000, owner: PROGRAM_ID, rentEpoch: 0, space: data.length },
    data: [data.toString('base64'), 'base64'],
  };
}
