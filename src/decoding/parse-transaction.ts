import { messageOf } from '../lib/errors.js';
import { decodeBase58, isBase58 } from './base58.js';
import { flattenTrace, type InnerInstructions } from './flatten-trace.js';
import type { ObservedTransaction, TraceInstruction } from './types.js';

/**
 * A transaction, or why the answer is none. `malformed`: not what `getTransaction` answers (a node's fault: ask
 * another). `no-meta`: this node did not keep the result of the transaction: ask another. `unknown-version`: a
 * transaction format newer than this code, which might mean something else by the same fields.
 */
export type ParsedTransaction =
  | { readonly ok: true; readonly transaction: ObservedTransaction }
  | {
      readonly ok: false;
      readonly reason: 'malformed' | 'no-meta' | 'unknown-version';
      readonly detail: string;
    };

/** Version 1 is on mainnet (TRAPS 5); it differs on the wire, not in the JSON fields read here. */
const KNOWN_VERSIONS: readonly unknown[] = [undefined, null, 'legacy', 0, 1];

/**
 * Reads the result of `getTransaction` with `encoding: 'json'`. Total. Failed transactions are read only as far as their
 * signature: nothing in them happened.
 */
export function parseTransaction(answer: unknown): ParsedTransaction {
  try {
    return parse(answer);
  } catch (thrown) {
    return { ok: false, reason: 'malformed', detail: messageOf(thrown) };
  }
}

/** Ends reading at the first thing that is not as it should be; never leaves this file. */
class Malformed extends Error {}

type Json = Readonly<Record<string, unknown>>;

function parse(answer: unknown): ParsedTransaction {
  const { slot, transaction, meta, version } = objectAt(answer, 'the answer');
  if (!KNOWN_VERSIONS.includes(version)) {
    return {
      ok: false,
      reason: 'unknown-version',
      detail: `transaction version ${typeof version === 'number' ? version : typeof version}`,
    };
  }
  if (meta === null || meta === undefined) return { ok: false, reason: 'no-meta', detail: 'the node kept no metadata' };

  const { signatures, message } = objectAt(transaction, 'transaction');
  const signature = textAt(listAt(signatures, 'signatures')[0], 'signatures[0]');
  const { err, logMessages, innerInstructions, loadedAddresses } = objectAt(meta, 'meta');
  if (err === undefined) throw new Malformed('meta.err is missing');
  const logs = logsAt(logMessages);
  const base = { signature, slot: indexAt(slot, 'slot'), logs };
  if (err !== null) return { ok: true, transaction: { ...base, failed: true, trace: null } };

  const { accountKeys, instructions } = objectAt(message, 'message');
  const keys = [...textsAt(accountKeys, 'accountKeys'), ...loadedKeys(loadedAddresses)];
  const topLevel = listAt(instructions, 'instructions').map((item) => instructionAt(item, keys, true));
  const trace = isAbsent(innerInstructions)
    ? null
    : flattenTrace(topLevel, innerAt(innerInstructions, keys, topLevel.length));
  return { ok: true, transaction: { ...base, failed: false, trace } };
}

function loadedKeys(loaded: unknown): readonly string[] {
  if (isAbsent(loaded)) return [];
  const { writable, readonly } = objectAt(loaded, 'loadedAddresses');
  return [...textsAt(writable, 'loadedAddresses.writable'), ...textsAt(readonly, 'loadedAddresses.readonly')];
}

function innerAt(value: unknown, keys: readonly string[], topLevelCount: number): readonly InnerInstructions[] {
  return listAt(value, 'innerInstructions').map((item) => {
    const { index, instructions } = objectAt(item, 'innerInstructions');
    const at = indexAt(index, 'innerInstructions.index');
    if (at >= topLevelCount) throw new Malformed(`innerInstructions of instruction ${at}, which there is not`);
    const list = listAt(instructions, 'innerInstructions.instructions');
    return { index: at, instructions: list.map((inner) => instructionAt(inner, keys, false)) };
  });
}

function instructionAt(value: unknown, keys: readonly string[], topLevel: boolean): TraceInstruction {
  const { programIdIndex, accounts, data, stackHeight } = objectAt(value, 'instruction');
  const text = textAt(data, 'instruction.data');
  if (!isBase58(text)) throw new Malformed('instruction.data is not base58');
  return new ParsedInstruction(
    keyAt(programIdIndex, keys),
    listAt(accounts, 'instruction.accounts').map((index) => keyAt(index, keys)),
    text,
    isAbsent(stackHeight) ? null : indexAt(stackHeight, 'stackHeight'),
    topLevel,
  );
}

/**
 * Decodes its data when somebody looks: inner instructions carry up to 10 KiB, which takes milliseconds, and they are of
 * interest only where an event of our own program follows. Anyone could otherwise make us slow with instructions of another.
 */
class ParsedInstruction implements TraceInstruction {
  #decoded: Uint8Array | undefined;

  constructor(
    readonly programId: string,
    readonly accounts: readonly string[],
    readonly base58: string,
    readonly stackHeight: number | null,
    readonly topLevel: boolean,
  ) {}

  get data(): Uint8Array {
    return (this.#decoded ??= decodeBase58(this.base58) ?? new Uint8Array(0));
  }
}

/** null where the node keeps no logs, which is not the same as none (TRAPS 4). */
function logsAt(value: unknown): readonly string[] | null {
  return isAbsent(value) ? null : textsAt(value, 'logMessages');
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

function objectAt(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null) throw new Malformed(`${what} is not an object`);
  return value as Json;
}

function listAt(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Malformed(`${what} is not a list`);
  return value;
}

function textAt(value: unknown, what: string): string {
  if (typeof value !== 'string') throw new Malformed(`${what} is not a string`);
  return value;
}

function textsAt(value: unknown, what: string): readonly string[] {
  const list = listAt(value, what);
  if (!list.every((item): item is string => typeof item === 'string')) throw new Malformed(`${what} holds no strings`);
  return list;
}

function indexAt(value: unknown, what: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new Malformed(`${what} is not a whole number`);
  return value as number;
}

function keyAt(index: unknown, keys: readonly string[]): string {
  const key = keys[indexAt(index, 'account index')];
  if (key === undefined) throw new Malformed(`account ${String(index)} of ${keys.length}`);
  return key;
}
