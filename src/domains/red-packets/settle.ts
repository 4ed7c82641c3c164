import { ANSWER_KEY, defineSettle, type Settle } from '../../domain-kit/settle.js';
import { Packet, PacketClaim, PacketCrown, PacketDraw } from './models.js';

/** always: while shares are drawn the crown moves from the best to a better one. empty: only once every share is drawn. */
export type CrownWhen = 'always' | 'empty';

/**
 * Whose claim of a random packet is the luckiest: the largest draw, of equal ones the first. It is a field of the crown, so
 * that there can only be one, from which packet and claims take it in the same transaction. Neither draws nor crowns end with
 * an account: rent that somebody gets back makes nobody else the luckiest.
 */
export function bestClaim(when: CrownWhen): readonly Settle[] {
  const bestDraw = defineSettle({
    name: 'best-draw',
    watch: PacketDraw,
    key: (draw) => draw.packet,
    into: PacketCrown,
    query: (packet) => ({ where: { packet }, sort: { amount: -1, index: 1 }, limit: 1 }),
    readsTarget: true,
    compute: ([best], _, crown) => {
      const isDrawn = when === 'always' || crown.isEmpty;
      return { claim: crown.isRandom && isDrawn && best ? best[ANSWER_KEY] : null };
    },
  });
  const packetsBest = defineSettle({
    name: 'best-claim',
    watch: PacketCrown,
    key: (crown) => crown.packet,
    into: Packet,
    query: (packet) => ({ where: { packet }, sort: { packet: 1 }, limit: 1 }),
    compute: ([crown]) => ({ bestClaim: crown?.claim ?? null }),
  });
  const isBest = defineSettle({
    name: 'is-best',
    watch: PacketCrown,
    key: (crown) => crown.claim,
    into: PacketClaim,
    query: (claim) => ({ where: { claim }, sort: { claim: 1 }, limit: 1 }),
    compute: (crowns) => ({ isBest: crowns.length > 0 }),
  });
  return [bestDraw, packetsBest, isBest];
}
