import anchor, { type Idl as AnchorIdl } from '@coral-xyz/anchor';
import { PublicKey } from '@solana/web3.js';
import bs58 from 'bs58';
import idl from '../../idl/coupons.json' with { type: 'json' };
import { decodeTransaction } from '../../src/decoding/decode-transaction.js';
import { compileProgramCodec } from '../../src/decoding/idl-codec.js';
import { parseTransaction } from '../../src/decoding/parse-transaction.js';
import { coupons } from '../../src/domains/coupons/module.js';
import type { LedgerRecord } from '../../src/ledger/ledger-record.js';
import { buildRecords } from '../../src/pipeline/build-records.js';
import type { Notice } from '../../src/pipeline/ingest.js';
import type { CouponEvent, HistoryTransaction } from './coupon-history.js';

const { BN, BorshCoder } = anchor;
const EVENT_TAG = Buffer.from('e445a52e51cb9a1d', 'hex');

const coder = new BorshCoder(idl as unknown as AnchorIdl);
const PAYER = new PublicKey(new Uint8Array(32).fill(9)).toBase58();

/** The real codec of the coupons program. */
export const couponsCodec = compileProgramCodec(idl, idl.address);

/** The bytes of an event as the program emits them: by Anchor's coder, not ours. */
export function encodeEvent({ name, data }: CouponEvent): Buffer {
  const discriminator = idl.events.find((event) => event.name === name)?.discriminator ?? [];
  const fields = idl.types.find((type) => type.name === name)?.type.fields as { name: string; type: unknown }[];
  const values = data as unknown as Readonly<Record<string, unknown>>;
  const encoded = fields.map((field) => [field.name, toAnchor(field.type, values[camel(field.name)])]);
  return Buffer.concat([Buffer.from(discriminator), coder.types.encode(name, Object.fromEntries(encoded))]);
}

/** The log lines of a transaction whose instructions emit these events. */
export function renderLogs({ events }: HistoryTransaction): string[] {
  const lines = [`Program ${idl.address} invoke [1]`];
  for (const event of events) {
    if (event.channel === 'log') lines.push(`Program data: ${encodeEvent(event).toString('base64')}`);
    else lines.push(`Program ${idl.address} invoke [2]`, `Program ${idl.address} success`);
  }
  return [...lines, `Program ${idl.address} success`];
}

/** The answer of `getTransaction`. */
export function renderTransaction(transaction: HistoryTransaction): unknown {
  const { signature, slot, events } = transaction;
  const inner = events
    .filter(({ channel }) => channel === 'cpi')
    .map((event) => ({
      programIdIndex: 1,
      accounts: [2],
      data: bs58.encode(Buffer.concat([EVENT_TAG, encodeEvent(event)])),
      stackHeight: 2,
    }));
  return {
    slot,
    version: 0,
    transaction: {
      signatures: [signature],
      message: {
        accountKeys: [PAYER, idl.address, couponsCodec.eventAuthority],
        instructions: [{ programIdIndex: 1, accounts: [], data: '', stackHeight: null }],
      },
    },
    meta: {
      err: null,
      logMessages: renderLogs(transaction),
      innerInstructions: inner.length === 0 ? [] : [{ index: 0, instructions: inner }],
      loadedAddresses: { writable: [], readonly: [] },
    },
  };
}

/** The records of a transaction, by our own decoder from what `getTransaction` answers. */
export function recordsOf(transaction: HistoryTransaction): readonly LedgerRecord[] {
  const parsed = parseTransaction(renderTransaction(transaction));
  if (!parsed.ok) throw new Error(parsed.reason);
  const now = new Date(0);
  const { signature, slot } = transaction;
  return buildRecords(coupons, decodeTransaction(couponsCodec, parsed.transaction), {
    ...{ signature, slot, source: 'sweep', seenAs: 'confirmed', seenAt: now, finalityDueAt: now, touchedAccounts: [] },
  }).records;
}

/** What the socket announces of it. */
export function socketNotice(transaction: HistoryTransaction): Notice {
  const { signature, slot } = transaction;
  return { signature, slot, failed: false, source: 'socket', logs: renderLogs(transaction) };
}

/** What a walk over the chain's own list finds. */
export function sweepNotice({ signature, slot }: HistoryTransaction): Notice {
  return { signature, slot, failed: false, source: 'sweep' };
}

function toAnchor(type: unknown, value: unknown): unknown {
  if (type === 'pubkey') return new PublicKey(value as string);
  return typeof value === 'bigint' ? new BN(value.toString()) : value;
}

function camel(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}
