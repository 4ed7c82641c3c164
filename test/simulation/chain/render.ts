import bs58 from 'bs58';
import idl from '../../../idl/coupons.json' with { type: 'json' };
import type { CouponsAccounts } from '../../../idl/coupons.js';
import { encodeAccount, encodeEvent } from '../../../scripts/bench/encode-event.js';
import type { CouponEvent } from '../../support/coupon-history.js';
import { couponsCodec } from '../../support/coupon-history-render.js';

const EVENT_TAG = Buffer.from('e445a52e51cb9a1d', 'hex');
const PAYER = bs58.encode(new Uint8Array(32).fill(9));
const FORGER = bs58.encode(new Uint8Array(32).fill(7));

export const PROGRAM_ID = idl.address;

/** How a transaction is written down beyond what happened in it. */
export interface Appearance {
  /** The log is cut off after this many lines, as a node does at 10,000 bytes; null: it is whole. */
  readonly logLines: number | null;
  /** Somebody prints what looks like an event: by `msg!`, and by a program of their own. */
  readonly isForged: boolean;
  readonly version: 0 | 1 | 'legacy';
}

/** Log lines of the instructions that emitted these events. */
export function renderLogs(events: readonly CouponEvent[], { logLines, isForged }: Appearance): string[] {
  const lines = isForged ? forgedLines(events) : [];
  lines.push(`Program ${PROGRAM_ID} invoke [1]`);
  for (const event of events) {
    if (event.channel === 'log') lines.push(`Program data: ${bytesOf(event).toString('base64')}`);
    else lines.push(`Program ${PROGRAM_ID} invoke [2]`, `Program ${PROGRAM_ID} success`);
  }
  lines.push(`Program ${PROGRAM_ID} success`);
  return logLines === null || logLines >= lines.length ? lines : [...lines.slice(0, logLines), 'Log truncated'];
}

/** The `n`-th log event is lost when the log is cut off before its line. */
export function isLogLost(
  events: readonly CouponEvent[],
  position: number,
  { logLines, isForged }: Appearance,
): boolean {
  if (logLines === null) return false;
  let line = isForged ? forgedLines(events).length + 1 : 1;
  for (const [at, event] of events.entries()) {
    if (at === position) return event.channel === 'log' && line >= logLines;
    line += event.channel === 'log' ? 1 : 2;
  }
  return false;
}

/** The `result` of getTransaction. */
export function renderTransaction(landed: {
  readonly signature: string;
  readonly slot: number;
  readonly failed: boolean;
  readonly events: readonly CouponEvent[];
  readonly accounts: readonly string[];
  readonly appearance: Appearance;
}): Record<string, unknown> {
  const { signature, slot, failed, events, accounts, appearance } = landed;
  const keys = [PAYER, PROGRAM_ID, couponsCodec.eventAuthority, FORGER, ...accounts];
  const inner = events
    .filter(({ channel }) => channel === 'cpi')
    .map((event) => ({
      ...{ programIdIndex: 1, accounts: [2], stackHeight: 2 },
      data: bs58.encode(Buffer.concat([EVENT_TAG, bytesOf(event)])),
    }));
  // The forger's instruction comes first and calls itself: not our program, whatever it carries.
  const offset = appearance.isForged ? 1 : 0;
  const forger = { programIdIndex: 3, accounts: [2], data: bs58.encode(EVENT_TAG), stackHeight: null };
  return {
    ...{ slot, version: appearance.version, blockTime: 1_767_225_600 + slot },
    transaction: {
      signatures: [signature],
      message: {
        accountKeys: keys,
        instructions: [
          ...(appearance.isForged ? [forger] : []),
          { programIdIndex: 1, accounts: accounts.map((_, at) => at + 4), data: '', stackHeight: null },
        ],
      },
    },
    meta: {
      err: failed ? { InstructionError: [0, { Custom: 6_000 }] } : null,
      logMessages: renderLogs(events, appearance),
      innerInstructions: inner.length === 0 ? [] : [{ index: offset, instructions: inner }],
      loadedAddresses: { writable: [], readonly: [] },
    },
  };
}

/** An account as getProgramAccounts and getMultipleAccounts give it. */
export function renderAccount<T extends keyof CouponsAccounts>(type: T, account: CouponsAccounts[T]) {
  return { ...renderKey(), data: [encodeAccount(type, account).toString('base64'), 'base64'] };
}

/** An account of whose data nothing was asked for. */
export function renderKey() {
  const data = ['', 'base64'];
  return { data, executable: false, lamports: 1_000_000, owner: PROGRAM_ID, rentEpoch: 0, space: 0 };
}

export function discriminatorOf(type: string): Buffer {
  return Buffer.from(idl.accounts.find(({ name }) => name === type)?.discriminator ?? []);
}

/** Asked for again and again: by every node, and by whoever compares. */
const encoded = new WeakMap<CouponEvent, Buffer>();

/** An event's true bytes. */
export function bytesOf(event: CouponEvent): Buffer {
  const bytes = encoded.get(event) ?? encodeEvent(event.name, event.data as never);
  encoded.set(event, bytes);
  return bytes;
}

/** Data lines of other programs before ours: ids count them too. */
export function foreignDataLines({ isForged }: Appearance): number {
  return isForged ? 1 : 0;
}

function forgedLines(events: readonly CouponEvent[]): string[] {
  const [first] = events;
  const payload = first ? bytesOf(first).toString('base64') : 'aGVsbG8=';
  return [
    `Program ${FORGER} invoke [1]`,
    `Program log: ${payload}`,
    `Program data: ${payload}`,
    `Program log: Program ${PROGRAM_ID} invoke [1]`,
    `Program ${FORGER} success`,
  ];
}
