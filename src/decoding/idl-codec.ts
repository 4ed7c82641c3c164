import { PublicKey } from '@solana/web3.js';
import { messageOf, MooringError } from '../lib/errors.js';
import { BorshReader } from './borsh-reader.js';
import { TypeCompiler } from './compile-type.js';
import type { CompiledType } from './compiled-type.js';
import { DiscriminatorTable } from './discriminator-table.js';
import type {
  DecodedData,
  DecodeResult,
  Idl,
  IdlDiscriminated,
  IdlRange,
  ProgramCodec,
  UnsupportedType,
} from './types.js';

/** Of Anchor's `#[event_cpi]`: the PDA that signs `emit_cpi!`. */
const EVENT_AUTHORITY_SEED = Buffer.from('__event_authority');

/** An event or account of the IDL, or why it cannot be read. */
type Entry =
  { readonly name: string; readonly type: CompiledType } | { readonly name: string; readonly reason: string };

/**
 * Compiles an Anchor IDL (spec 0.1.0) once, so that decoding does no look-ups by name. `address` replaces the IDL's,
 * for a program deployed elsewhere. `history` are the program's older IDLs, oldest first.
 *
 * Throws a MooringError `idl-invalid` if the IDL has no address or unusable discriminators, or the ranges of its history
 * are not in order. An event or account of a type
 * that is not supported spoils nothing else: it is listed in `unsupported` and decodes to `invalid`.
 */
export function compileProgramCodec(
  idl: Idl,
  address: string = idl.address,
  history: readonly IdlRange[] = [],
): ProgramCodec {
  assertInOrder(address, history);
  const older = history.map((range) => ({
    untilSlot: range.untilSlot,
    codec: compileProgramCodec(range.idl, address),
  }));
  const newest = compileOne(idl, address);
  if (older.length === 0) return newest;
  return { ...newest, at: (slot) => older.find(({ untilSlot }) => slot <= untilSlot)?.codec ?? newest };
}

/** Two ranges that end in one slot, or an older one after a newer one, would leave it to chance which IDL is meant. */
function assertInOrder(address: string, history: readonly IdlRange[]): void {
  history.forEach(({ untilSlot }, position) => {
    const before = history[position - 1]?.untilSlot ?? -1;
    if (Number.isSafeInteger(untilSlot) && untilSlot > before) return;
    throw new MooringError(
      'idl-invalid',
      `The IDL history of ${address}: untilSlot of entry ${position} is ${untilSlot}, but must be a slot ` +
        `${before < 0 ? 'number' : `after ${before}`}. List older IDLs oldest first, each with the last slot it was in force.`,
    );
  });
}

function compileOne(idl: Idl, address: string): ProgramCodec {
  const program = programKey(address);
  const compiler = new TypeCompiler(idl.types ?? []);
  const unsupported: UnsupportedType[] = [];

  const tableOf = (what: UnsupportedType['what'], list: readonly IdlDiscriminated[]): DiscriminatorTable<Entry> => {
    const table = new DiscriminatorTable<Entry>();
    for (const { name, discriminator } of list) {
      const entry = compileEntry(compiler, name);
      if ('reason' in entry) unsupported.push({ what, name, reason: entry.reason });
      const problem = table.add(discriminator, entry);
      if (problem) throw new MooringError('idl-invalid', `The IDL of ${address}: discriminator of ${name} ${problem}.`);
    }
    return table;
  };
  const events = tableOf('event', idl.events ?? []);
  const accounts = tableOf('account', idl.accounts ?? []);
  const accountDiscriminators = new Map(
    (idl.accounts ?? []).map(({ name, discriminator }) => [name, Uint8Array.from(discriminator)]),
  );

  const codec: ProgramCodec = {
    programId: program.toBase58(),
    eventAuthority: PublicKey.findProgramAddressSync([EVENT_AUTHORITY_SEED], program)[0].toBase58(),
    eventNames: (idl.events ?? []).map(({ name }) => name),
    accountNames: (idl.accounts ?? []).map(({ name }) => name),
    unsupported,
    decodeEvent: (bytes) => decode(events, bytes, true),
    decodeAccount: (bytes) => decode(accounts, bytes, false),
    accountDiscriminator: (name) => accountDiscriminators.get(name)?.slice(),
    at: () => codec,
  };
  return codec;
}

function programKey(address: unknown): PublicKey {
  try {
    return new PublicKey(address as string);
  } catch {
    throw new MooringError(
      'idl-invalid',
      `The IDL's address ${JSON.stringify(address)} is not a public key. IDLs older than Anchor 0.30: anchor idl convert.`,
    );
  }
}

function compileEntry(compiler: TypeCompiler, name: string): Entry {
  try {
    return { name, type: compiler.defined(name) };
  } catch (thrown) {
    return { name, reason: messageOf(thrown) };
  }
}

function decode(table: DiscriminatorTable<Entry>, bytes: Uint8Array, exact: boolean): DecodeResult {
  const found = table.find(bytes);
  if (!found) {
    const start = Buffer.from(bytes.subarray(0, 8)).toString('hex');
    return {
      ok: false,
      reason: 'unknown-discriminator',
      name: null,
      detail: `${bytes.length} bytes that start with ${start || 'nothing'}`,
    };
  }
  const { entry, size } = found;
  if ('reason' in entry)
    return { ok: false, reason: 'invalid', name: entry.name, detail: `${entry.name}: ${entry.reason}` };

  const reader = new BorshReader(bytes, size);
  const data = entry.type.read(reader);
  if (!reader.failure && exact && reader.remaining > 0) {
    reader.fail('trailing', `${reader.remaining} bytes left over`);
  }
  if (reader.failure) {
    reader.failedWithin(entry.name);
    const { reason, detail } = reader.failure;
    return { ok: false, reason, name: entry.name, detail: `${reader.failedAt}: ${detail}` };
  }
  if (!isData(data)) return { ok: false, reason: 'invalid', name: entry.name, detail: `${entry.name} is not a struct` };
  return { ok: true, name: entry.name, data };
}

function isData(value: unknown): value is DecodedData {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
