import coupons from '../../../idl/coupons.json' with { type: 'json' };
import { Connection, PublicKey } from '@solana/web3.js';
import type { Foundation } from '../../../src/app/foundation.js';
import { decodeTransaction } from '../../../src/decoding/decode-transaction.js';
import { parseTransaction } from '../../../src/decoding/parse-transaction.js';
import { systemClock } from '../../../src/lib/clock.js';
import { eventsOf, signaturesOf } from '../../drill/chain-events.js';
import { eventKey } from './event-key.js';

/** An event of the chain's history. */
export interface LandedEvent {
  readonly signature: string;
  readonly key: string;
  readonly slot: number;
}

const AT_ONCE = 8;
/** A node may answer null for what it has just confirmed. */
const ATTEMPTS = 20;
const BETWEEN_ATTEMPTS_MS = 250;

/**
 * The program's events as the chain's own history has them, asked of the chain directly: getSignaturesForAddress, then
 * getTransaction of each, decoded by src/decoding. Transactions in `known` are not asked for again.
 */
export async function readHistory(
  { pool, modules }: Foundation,
  rpcUrl: string,
  known: Map<string, readonly LandedEvent[]> = new Map(),
): Promise<LandedEvent[]> {
  const codec = modules[0]?.codec;
  if (!codec) throw new Error('no module is installed');
  const signatures = await signaturesOf(new Connection(rpcUrl, 'confirmed'), new PublicKey(codec.programId));
  const left = signatures.filter((signature) => !known.has(signature));
  const work = async (): Promise<void> => {
    for (let signature = left.pop(); signature !== undefined; signature = left.pop()) {
      const parsed = parseTransaction(await fetchPatiently(pool, signature));
      if (!parsed.ok) throw new Error(`${signature} cannot be read: ${parsed.detail}`);
      const { events, undecodable } = decodeTransaction(codec, parsed.transaction);
      if (undecodable.length > 0) throw new Error(`${signature} has an event that cannot be decoded`);
      const { slot } = parsed.transaction;
      known.set(
        signature,
        events.map(({ name, data }) => ({ signature, key: eventKey(name, data), slot })),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return signatures.flatMap((signature) => known.get(signature) ?? []);
}

/**
 * The same history once more and then without anything of ours (web3.js fetches, Anchor's coder decodes), so that a
 * mistake of our decoder cannot be its own witness. Throws where the two disagree.
 */
export async function readCertainHistory(reader: Foundation, rpcUrl: string): Promise<LandedEvent[]> {
  const events = await readHistory(reader, rpcUrl);
  const connection = new Connection(rpcUrl, 'confirmed');
  const signatures = await signaturesOf(connection, new PublicKey(coupons.address));
  const others = await eventsOf(connection, coupons, signatures);
  const texts = (list: readonly LandedEvent[]) => list.map((event) => `${event.slot} ${event.signature} ${event.key}`);
  const ours = texts(events).sort();
  const theirs = texts(
    others.map(({ id, slot, name, data }) => ({
      ...{ slot, signature: id.split('/')[0] ?? '' },
      key: eventKey(name, data),
    })),
  ).sort();
  const odd = ours.find((text, place) => text !== theirs[place]);
  if (odd !== undefined || ours.length !== theirs.length) {
    const example = odd ?? theirs[ours.length];
    throw new Error(`our decoder reads ${ours.length} events in the history, Anchor's ${theirs.length}: ${example}`);
  }
  return events;
}

async function fetchPatiently(pool: Foundation['pool'], signature: string): Promise<unknown> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const answer = await pool.chain.transaction(signature, 'confirmed');
    if (answer !== null) return answer;
    await systemClock.sleep(BETWEEN_ATTEMPTS_MS);
  }
  throw new Error(`the chain lists ${signature} and does not show it`);
}
