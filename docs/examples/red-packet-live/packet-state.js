/**
 * What the page shows of one packet, and what each message changes of it. Pure: from a state and a message to the next
 * state, so that a reload, a resume and a live message all end the same.
 */

/** The state as it was read over HTTP. `packet` is null where there is none (yet). */
export function fromHttp(packet, claims) {
  return {
    packet: packet && {
      id: packet.address,
      creator: packet.creator,
      message: packet.message,
      isRandom: packet.isRandom,
      status: packet.status,
      isRandomnessAskedFor: packet.vrfRequestId !== null,
      totalAmount: packet.totalAmount,
      count: packet.count,
      remainingAmount: packet.remainingAmount,
      remainingCount: packet.remainingCount,
      decimals: packet.decimals,
      mint: packet.mint,
      expiresAt: packet.expiresAt,
      revision: packet.revision,
    },
    bestClaim: packet?.bestClaim ?? null,
    claims: new Map(claims.map((claim) => [claim.address, claimFrom(claim.address, claim)])),
  };
}

/** The next state. A message that is older than what is shown changes nothing of the packet's numbers. */
export function apply(state, name, payload) {
  switch (name) {
    case 'packet:created': {
      if (state.packet) return state;
      const { packetId: id, creatorId: creator, ...terms } = payload;
      return { ...state, packet: { ...terms, id, creator, isRandomnessAskedFor: false } };
    }
    case 'packet:randomness-requested':
      return withPacket(state, payload, { isRandomnessAskedFor: true });
    case 'packet:random-ready':
      return withPacket(state, payload, { status: 'open' });
    case 'packet:claimed': {
      const { status, remainingAmount, remainingCount } = payload;
      const claims = new Map(state.claims).set(payload.claimId, claimFrom(payload.claimId, payload));
      return { ...withPacket(state, payload, { status, remainingAmount, remainingCount }), claims };
    }
    case 'packet:refunded': {
      const { remainingAmount, remainingCount } = payload;
      return withPacket(state, payload, { status: 'refunded', remainingAmount, remainingCount });
    }
    case 'packet:closed':
      return { ...state, packet: state.packet && { ...state.packet, status: 'closed' } };
    case 'packet:best-updated':
      return { ...state, bestClaim: payload.claimId };
    case 'packet:corrected':
      return corrected(state, payload);
    case 'packet:restated': {
      if (!payload.exists) return { ...state, packet: null, bestClaim: null, claims: new Map() };
      const { status, remainingAmount, remainingCount, revision, bestClaimId } = payload;
      const packet = state.packet && { ...state.packet, status, remainingAmount, remainingCount, revision };
      return { ...state, packet, bestClaim: bestClaimId };
    }
    default:
      return state;
  }
}

/** A claim that is taken back goes; what else it changed, the `packet:restated` that follows says. */
function corrected(state, { claimId }) {
  if (claimId === undefined) return state;
  const claims = new Map(state.claims);
  claims.delete(claimId);
  return { ...state, claims };
}

function withPacket(state, { revision }, changes) {
  const { packet } = state;
  if (!packet || BigInt(revision) < BigInt(packet.revision)) return state;
  return { ...state, packet: { ...packet, ...changes, revision } };
}

function claimFrom(id, { claimer, claimerId, amount, index, claimedAt }) {
  return { id, claimer: claimerId ?? claimer, amount, index, claimedAt };
}

/** Whether nobody can claim a share any more because the time is over; the chain's clock may differ by seconds. */
export function isExpired({ status, expiresAt }, nowMs) {
  return (status === 'open' || status === 'waiting') && Date.parse(expiresAt) <= nowMs;
}

/** Newest first. */
export function claimsInOrder(state) {
  return [...state.claims.values()].sort((one, other) => other.index - one.index);
}

/** A sum of smallest units for people: `1.5` of `1500000000` with 9 decimals. Exact, whatever its size. */
export function amountText(units, decimals) {
  const digits = units.padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}
