import anchor, { type Idl as AnchorIdl } from '@coral-xyz/anchor';
import { PublicKey } from '@solana/web3.js';
import idl from '../../idl/coupons.json' with { type: 'json' };
import { decodeTransaction } from '../../src/decoding/decode-transaction.js';
import { EventParser } from '../../src/decoding/event-parser.js';
import { compileProgramCodec } from '../../src/decoding/idl-codec.js';
import { median, rounded, secondsOf } from './figures.js';
import { CouponHistory } from './history.js';
import type { Progress } from './progress.js';

export interface DecodingOptions {
  /** Events of ordinary transactions decoded per round. */
  readonly events: number;
  /** Lines of the one long transaction. */
  readonly lines: number;
  readonly rounds: number;
}

/** Events per second of each decoder, and how many times as fast as Anchor's ours are. */
export interface DecodingFigures {
  readonly events: number;
  readonly decodeTransaction: number;
  readonly eventParser: number;
  readonly anchorEventParser: number;
  readonly ratio: number;
  readonly eventParserRatio: number;
}

/** What `npm run bench -- decoding` measures. */
export interface DecodingReport {
  readonly ordinary: DecodingFigures;
  readonly long: DecodingFigures & { readonly lines: number };
}

type Logs = readonly string[];

const { BorshCoder, EventParser: AnchorEventParser } = anchor;

const codec = compileProgramCodec(idl);
const coder = new BorshCoder(idl as AnchorIdl);
const ours = new EventParser(idl.address, coder);
const anchors = new AnchorEventParser(new PublicKey(idl.address), coder);

const DECODERS = {
  decodeTransaction: (logs: Logs): number => {
    const transaction = { signature: 'bench', slot: 1, failed: false, logs, trace: null };
    return decodeTransaction(codec, transaction).events.length;
  },
  eventParser: (logs: Logs): number => countOf(ours.parseLogs(logs)),
  anchorEventParser: (logs: Logs): number => countOf(anchors.parseLogs([...logs])),
};
type Decoder = keyof typeof DECODERS;

/** Decodes the same logs with each decoder in turn, round by round, so that a busy machine slows all of them. */
export async function benchDecoding(options: DecodingOptions, progress: Progress): Promise<DecodingReport> {
  const history = new CouponHistory(1);
  const transactions = history.transactions(options.events).map(({ notice }) => notice.logs ?? []);
  progress(`decoding: ${transactions.length} ordinary transactions, ${options.rounds} rounds`);
  const ordinary = await race(transactions, options.rounds);
  progress(`decoding: one transaction of ${options.lines} lines, ${options.rounds} rounds`);
  const long = longLogs(history, options.lines);
  return { ordinary, long: { lines: long.length, ...(await race([long], options.rounds)) } };
}

async function race(transactions: readonly Logs[], rounds: number): Promise<DecodingFigures> {
  const seconds: Record<Decoder, number[]> = { decodeTransaction: [], eventParser: [], anchorEventParser: [] };
  const names = Object.keys(DECODERS) as Decoder[];
  let events = 0;
  // Round 0 warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const counts = new Set<number>();
    for (const name of names) {
      let count = 0;
      const took = await secondsOf(() => {
        for (const logs of transactions) count += DECODERS[name](logs);
      });
      counts.add(count);
      events = count;
      if (round > 0) seconds[name].push(took);
    }
    if (counts.size !== 1) throw new Error(`the decoders found different numbers of events: ${[...counts].join(', ')}`);
  }
  const perSecond = (name: Decoder) => events / median(seconds[name]);
  return {
    events,
    decodeTransaction: rounded(perSecond('decodeTransaction')),
    eventParser: rounded(perSecond('eventParser')),
    anchorEventParser: rounded(perSecond('anchorEventParser')),
    ratio: rounded(perSecond('decodeTransaction') / perSecond('anchorEventParser'), 1),
    eventParserRatio: rounded(perSecond('eventParser') / perSecond('anchorEventParser'), 2),
  };
}

/** One log with the lines of many transactions, as a node with a raised log limit may give it. */
function longLogs(history: CouponHistory, lines: number): Logs {
  const logs: string[] = [];
  while (logs.length < lines) logs.push(...(history.next().notice.logs ?? []));
  return logs.slice(0, lines);
}

function countOf(events: Iterable<unknown>): number {
  let count = 0;
  for (const _ of events) count++;
  return count;
}
