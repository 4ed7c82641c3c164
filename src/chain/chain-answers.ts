import {
  asArray,
  asBase64Data,
  asCount,
  asCountOrNull,
  asRecord,
  asString,
  asU64,
  UnexpectedShape,
} from './answer-shape.js';
import type {
  AccountInfo,
  BlockHeaderLookup,
  BlockLookup,
  ProgramAccount,
  ReportedCommitment,
  SignatureInfo,
  SignatureStatus,
  SimulationAnswer,
} from './chain-port.js';

/** Readers of `result`, one per method; each throws UnexpectedShape rather than guess. */

export function readSignaturePage(result: unknown): readonly SignatureInfo[] {
  return asArray(result).map((entry) => {
    const { signature, slot, err, blockTime, confirmationStatus } = asRecord(entry);
    return {
      signature: asString(signature),
      slot: asCount(slot),
      failed: isFailure(err),
      blockTime: asCountOrNull(blockTime),
      commitment: readCommitment(confirmationStatus),
    };
  });
}

/** `expected` = how many were asked for: a shorter list would shift the answers. */
export function readStatuses(expected: number) {
  return (result: unknown): { contextSlot: number; statuses: readonly (SignatureStatus | null)[] } => ({
    contextSlot: readContextSlot(result),
    statuses: sameLength(expected, readValue(result)).map((entry) => {
      if (entry === null) return null;
      const { slot, err, confirmations, confirmationStatus } = asRecord(entry);
      const depth = asCountOrNull(confirmations);
      return {
        slot: asCount(slot),
        failed: isFailure(err),
        // Nodes before 1.4 had no confirmationStatus: rooted (confirmations null) was all they knew for sure.
        commitment: readCommitment(confirmationStatus) ?? (depth === null ? 'finalized' : 'processed'),
        confirmations: depth,
      };
    }),
  });
}

export function readBlock(slot: number) {
  return (result: unknown): BlockLookup => {
    const header = readBlockHeader(slot)(result);
    if (header.kind === 'not-here') return header;
    return { ...header, signatures: asArray(asRecord(result).signatures).map(asString) };
  };
}

export function readBlockHeader(slot: number) {
  return (result: unknown): BlockHeaderLookup => {
    if (result === null) return { kind: 'not-here', code: null };
    const { parentSlot, blockhash, previousBlockhash, blockTime } = asRecord(result);
    return {
      kind: 'block',
      slot,
      parentSlot: asCount(parentSlot),
      blockhash: asString(blockhash),
      previousBlockhash: asString(previousBlockhash),
      blockTime: trueTime(asCountOrNull(blockTime)),
    };
  };
}

/** Solana's first block, in seconds since the epoch. A local chain (Surfpool 1.5) tells a thousandth of the time. */
const GENESIS_S = 1_584_316_800;

function trueTime(blockTime: number | null): number | null {
  return blockTime !== null && blockTime < GENESIS_S ? null : blockTime;
}

/** Ascending slots, all at or after `fromSlot`. */
export function readSlots(fromSlot: number) {
  return (result: unknown): readonly number[] => {
    const slots = asArray(result).map(asCount);
    const ascending = slots.every((slot, index) => slot >= fromSlot && (index === 0 || slot > (slots[index - 1] ?? 0)));
    if (!ascending) throw new UnexpectedShape('ascending slots', result);
    return slots;
  };
}

export function readAccounts(expected: number) {
  return (result: unknown): { contextSlot: number; accounts: readonly (AccountInfo | null)[] } => ({
    contextSlot: readContextSlot(result),
    accounts: sameLength(expected, readValue(result)).map((entry) => (entry === null ? null : readAccount(entry))),
  });
}

export function readProgramAccounts(result: unknown): { contextSlot: number; accounts: readonly ProgramAccount[] } {
  return {
    contextSlot: readContextSlot(result),
    accounts: asArray(readValue(result)).map((entry) => {
      const { pubkey, account } = asRecord(entry);
      return { address: asString(pubkey), ...readAccount(account) };
    }),
  };
}

/** Of a list of very many accounts nothing but their addresses is made into objects. */
export function readProgramAccountKeys(result: unknown): { contextSlot: number; addresses: readonly string[] } {
  return {
    contextSlot: readContextSlot(result),
    addresses: asArray(readValue(result)).map((entry) => asString(asRecord(entry).pubkey)),
  };
}

export function readLatestBlockhash(result: unknown) {
  const { blockhash, lastValidBlockHeight } = asRecord(readValue(result));
  return {
    blockhash: asString(blockhash),
    lastValidBlockHeight: asCount(lastValidBlockHeight),
    contextSlot: readContextSlot(result),
  };
}

export function readEpochInfo(result: unknown) {
  const { absoluteSlot, blockHeight } = asRecord(result);
  return { slot: asCount(absoluteSlot), blockHeight: asCount(blockHeight) };
}

export function readSimulation(result: unknown): SimulationAnswer {
  const { err, logs, unitsConsumed, accounts } = asRecord(readValue(result));
  return {
    contextSlot: readContextSlot(result),
    err: err ?? null,
    logs: logs === null || logs === undefined ? [] : asArray(logs).map(String),
    unitsConsumed: asCountOrNull(unitsConsumed),
    accounts: Array.isArray(accounts) ? accounts.map((entry) => (entry === null ? null : readAccount(entry))) : [],
  };
}

export function readPriorityFees(result: unknown): readonly { slot: number; fee: number }[] {
  return asArray(result).map((entry) => {
    const { slot, prioritizationFee } = asRecord(entry);
    return { slot: asCount(slot), fee: asCount(prioritizationFee) };
  });
}

/** Null or a transaction: the inside is parsed where transactions are decoded. */
export function readTransaction(signature: string): (result: unknown) => unknown {
  return (result) => {
    if (result === null) return null;
    const answer = asRecord(result);
    // An answer to nothing at all, by a node or a proxy in trouble: taken for a transaction of which nothing is left, that
    // one's events would be given up (I1).
    if (!('transaction' in answer) && !('meta' in answer)) throw new UnexpectedShape('a transaction', result);
    const { signatures } = (answer.transaction ?? {}) as { readonly signatures?: unknown };
    // A cache that mixes its answers up: taken for the one asked for, that one's events would be passed over (I1).
    if (Array.isArray(signatures) && signatures[0] !== signature)
      throw new UnexpectedShape('the transaction that was asked for', signatures[0]);
    return answer;
  };
}

function readAccount(value: unknown): AccountInfo {
  const { owner, lamports, data } = asRecord(value);
  return { owner: asString(owner), lamports: asU64(lamports), data: asBase64Data(data) };
}

function readContextSlot(result: unknown): number {
  return asCount(asRecord(asRecord(result).context).slot);
}

function readValue(result: unknown): unknown {
  return asRecord(result).value;
}

function sameLength(expected: number, value: unknown): readonly unknown[] {
  const entries = asArray(value);
  if (entries.length !== expected) throw new UnexpectedShape(`${expected} entries`, entries.length);
  return entries;
}

function readCommitment(value: unknown): ReportedCommitment | null {
  return value === 'processed' || value === 'confirmed' || value === 'finalized' ? value : null;
}

/** A missing `err` is not a success: a node that leaves it out is not telling. */
function isFailure(err: unknown): boolean {
  if (err === undefined) throw new UnexpectedShape('err', err);
  return err !== null;
}
