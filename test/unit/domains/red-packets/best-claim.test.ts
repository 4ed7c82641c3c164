import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PacketClaimed, PacketCreated, PacketKind, RedPacketsEvents } from '../../../../idl/red-packets.js';
import type { FieldValue } from '../../../../src/domain-kit/field.js';
import { seededRandom } from '../../../../src/dev/seeded-random.js';
import { defineRedPackets } from '../../../../src/domains/red-packets/module.js';
import type { LedgerRecord } from '../../../../src/ledger/ledger-record.js';
import { commitInMemory, documentsInMemory } from '../../../support/in-memory-projection-run.js';
import { InMemoryProjection } from '../../../support/in-memory-projection.js';

/** A record of an event that changed an account to this revision, in a slot of its own. */
function recordOf<Name extends keyof RedPacketsEvents>(
  name: Name,
  slot: number,
  data: Partial<RedPacketsEvents[Name]>,
) {
  const signature = `S${slot}`;
  const position = { slot, index: 0, place: 0 };
  const record = { _id: `${signature}/log/0`, kind: 'event', program: 'red-packets', signature, name, data };
  return { ...record, ...position, touches: [], state: 'received' } as unknown as LedgerRecord;
}

/** A packet whose shares are drawn one after another, each of these amounts. */
function history(packet: string, kind: PacketKind, amounts: readonly bigint[], from = 0): LedgerRecord[] {
  const count = amounts.length;
  const totalAmount = amounts.reduce((sum, amount) => sum + amount, 0n);
  const created: Partial<PacketCreated> = {
    ...{ packet, creator: 'C', revision: 1n, packetId: 1n, kind, totalAmount, count, mint: null, decimals: 9 },
    ...{ remainingAmount: totalAmount, remainingCount: count, message: '', oracle: null, vault: packet },
    ...{ expiresAt: 9n, createdAt: 1n },
  };
  const claims = amounts.map((amount, index) => {
    const drawn = amounts.slice(0, index + 1).reduce((sum, one) => sum + one, 0n);
    const data: Partial<PacketClaimed> = {
      ...{ claim: `${packet}-${index}`, packet, claimer: `W${index}`, payer: `W${index}`, amount, index, revision: 1n },
      ...{ packetRevision: BigInt(index + 2), packetStatus: index + 1 === count ? 'exhausted' : 'open', claimedAt: 2n },
      ...{ packetRemainingAmount: totalAmount - drawn, packetRemainingCount: count - index - 1 },
      ...{ packetClaimedAmount: drawn, packetClaimedCount: index + 1 },
    };
    return recordOf('PacketClaimed', from + index + 2, data);
  });
  return [recordOf('PacketCreated', from + 1, created), ...claims];
}

/** The accounts of some claims of that packet, and its own, are closed to get their rent back. */
function closings(packet: string, claims: readonly number[], from: number): LedgerRecord[] {
  return [
    ...claims.map((index) =>
      recordOf('PacketClaimClosed', from + index, { claim: `${packet}-${index}`, packet, revision: 2n }),
    ),
    recordOf('PacketClosed', from + 50, { packet, revision: 99n }),
  ];
}

type Document = Readonly<Record<string, FieldValue>>;

/** The packets' best claims, and the claims with the flag, as they stand. */
function crowns(memory: InMemoryProjection, module = redPackets) {
  const { packets = {}, packet_claims: claims = {} } = documentsInMemory(memory, module) as Record<
    string,
    Record<string, Document>
  >;
  return {
    best: Object.fromEntries(Object.entries(packets).map(([key, packet]) => [key, packet['bestClaim']])),
    flagged: Object.keys(claims)
      .filter((key) => claims[key]?.['isBest'] === true)
      .sort(),
    unflagged: Object.values(claims).filter(({ isBest }) => typeof isBest !== 'boolean').length,
  };
}

/** By the rule, told once more: the largest, of equal ones the first. */
function luckiest(applied: readonly LedgerRecord[], packet: string): string | null {
  const claims = applied
    .map(({ data }) => data as Partial<PacketClaimed>)
    .filter((data) => data.packet === packet && data.amount !== undefined);
  const best = claims.reduce<Partial<PacketClaimed> | null>((found, one) => {
    const isBetter =
      found === null ||
      (one.amount ?? 0n) > (found.amount ?? 0n) ||
      (one.amount === found.amount && (one.index ?? 0) < (found.index ?? 0));
    return isBetter ? one : found;
  }, null);
  return best?.claim ?? null;
}

function isClosed(applied: readonly LedgerRecord[], claim: string): boolean {
  return applied.some(({ name, data }) => name === 'PacketClaimClosed' && (data as PacketClaimed).claim === claim);
}

const redPackets = defineRedPackets();

describe('the luckiest claim of a random packet (000-4)', () => {
  it('is one at every moment, whatever comes in which order, is closed, taken back and comes again (I3, I6)', async () => {
    const plan = fc.record({
      amounts: fc.array(fc.bigInt({ min: 1n, max: 6n }), { minLength: 1, maxLength: 8 }),
      closed: fc.uniqueArray(fc.nat({ max: 7 })),
      others: fc.array(fc.bigInt({ min: 1n, max: 6n }), { minLength: 1, maxLength: 4 }),
      seed: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ amounts, closed, others, seed }) => {
        const random = seededRandom(seed);
        const memory = new InMemoryProjection();
        const equal = history('E', 'equal', others, 100);
        const drawn = closed.filter((index) => index < amounts.length);
        const waiting = [...history('P', 'random', amounts), ...closings('P', drawn, 50), ...equal].sort(
          () => random() - 0.5,
        );
        const applied: LedgerRecord[] = [];
        while (waiting.length > 0) {
          const add = waiting.splice(0, 1 + Math.floor(random() * 3));
          // A fork drops one that was there; it lands again later.
          const dropped = random() < 0.4 ? applied.splice(Math.floor(random() * applied.length), 1) : [];
          const remove = dropped.map(({ _id }) => memory.records.get(_id)).filter((record) => record !== undefined);
          await commitInMemory(memory, add, remove, redPackets);
          applied.push(...add);
          if (random() < 0.9) waiting.push(...dropped);
          const { best, flagged, unflagged } = crowns(memory);
          const isThere = applied.some(
            ({ name, data }) => name === 'PacketCreated' && (data as PacketCreated).packet === 'P',
          );
          const expected = isThere ? luckiest(applied, 'P') : null;
          if ('P' in best) expect(best['P']).toBe(expected);
          if ('E' in best) expect(best['E']).toBeNull();
          expect(flagged).toEqual(expected === null || isClosed(applied, expected) ? [] : [expected]);
          expect(unflagged).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('is named only once every share is drawn, where that is asked for', async () => {
    const module = defineRedPackets({ crown: 'empty' });
    const memory = new InMemoryProjection();
    const [created, first, second, third] = history('P', 'random', [2n, 5n, 1n]) as [
      LedgerRecord,
      LedgerRecord,
      LedgerRecord,
      LedgerRecord,
    ];
    await commitInMemory(memory, [created, first, second], [], module);
    expect(crowns(memory, module)).toMatchObject({ best: { P: null }, flagged: [] });
    await commitInMemory(memory, [third], [], module);
    expect(crowns(memory, module)).toMatchObject({ best: { P: 'P-1' }, flagged: ['P-1'] });
    // The fork that dropped the last claim takes the crown away again.
    const last = memory.records.get(third._id);
    await commitInMemory(memory, [], last ? [last] : [], module);
    expect(crowns(memory, module)).toMatchObject({ best: { P: null }, flagged: [] });
  });
});
