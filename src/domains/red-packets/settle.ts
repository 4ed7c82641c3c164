import { ANSWER_KEY, defineSettle, type Settle } from '../../domain-kit/settle.js';
import { Packet, PacketClaim } from './models.js';

/** always: while shares are drawn the crown moves from the best to a better one. empty: only once every share is drawn. */
export type CrownWhen = 'always' | 'empty';

/**
 * Whose claim of a random packet is the luckiest: the largest, of equal ones the first. It is a field of the packet, so that
 * there can only be one, and a flag of the claim that follows from it in the same transaction.
 */
export function bestClaim(when: CrownWhen): readonly [Settle, Settle] {
  const packetsBest = defineSettle({
    name: 'best-claim',
    watch: PacketClaim,
    key: (claim) => claim.packet,
    into: Packet,
    query: (packet) => ({ where: { packet }, sort: { amount: -1, index: 1 }, limit: 1 }),
    readsTarget: true,
    compute: ([best], _, packet) => {
      const isDrawn = when === 'always' || packet.status === 'exhausted';
      return { bestClaim: packet.isRandom && isDrawn && best ? best[ANSWER_KEY] : null };
    },
  });
  const isBest = defineSettle({
    name: 'is-best',
    watch: Packet,
    key: (packet) => packet.bestClaim,
    into: PacketClaim,
    query: (claim) => ({ where: { bestClaim: claim }, sort: { bestClaim: 1 }, limit: 1 }),
    compute: (packets) => ({ isBest: packets.length > 0 }),
  });
  return [packetsBest, isBest];
}
