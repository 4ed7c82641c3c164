import { pick } from './seeded-random.js';
import type { Stall, StallAction } from './traffic-stall.js';

/** A batch with distinct recipients holds six: the packet ends there. */
const BATCH = 6;
/** Few enough coupons that their histories grow long, enough that something can always be done. */
const MOST_COUPONS = 24;

/** Every stall opens with these, so that each kind of event happens early and in a telling order. */
const OPENING: readonly StallAction[] = [
  { kind: 'register' },
  { kind: 'create', promotion: 1 },
  { kind: 'mint', promotion: 1, recipients: [1, 2, 3, 1, 2, 3] },
  { kind: 'transfer', coupon: 0, to: 2 },
  { kind: 'list', coupon: 1, price: 20_000_000n },
  { kind: 'buy', coupon: 1, buyer: 3 },
  { kind: 'rate', promotion: 1, rater: 3, stars: 5 },
  { kind: 'comment', promotion: 1, author: 2 },
  { kind: 'list', coupon: 2, price: 50_000_000n },
  { kind: 'cancel', coupon: 2 },
  { kind: 'redeem', coupon: 0 },
  { kind: 'closeCoupon', coupon: 0 },
  { kind: 'create', promotion: 2 },
  { kind: 'update', promotion: 1 },
  { kind: 'closePromotion', promotion: 2 },
];

/** How often each kind is chosen where it can be, after the opening. */
const WEIGHTS = {
  mint: 3,
  transfer: 4,
  list: 6,
  buy: 6,
  cancel: 2,
  redeem: 2,
  closeCoupon: 2,
  rate: 3,
  comment: 2,
  update: 1,
} as const;

/** What happens next at a stall: always something the chain will accept, and of none of the kinds in `without`. */
export function nextAction(
  stall: Stall,
  random: () => number,
  without: readonly StallAction['kind'][] = [],
): StallAction {
  for (let opening = OPENING[stall.opened]; opening; opening = OPENING[stall.opened]) {
    stall.opened += 1;
    if (!without.includes(opening.kind)) return opening;
  }
  const possible = (Object.keys(WEIGHTS) as (keyof typeof WEIGHTS)[]).flatMap((kind) => {
    if (without.includes(kind)) return [];
    const action = choose(kind, stall, random);
    return action ? Array<StallAction>(WEIGHTS[kind]).fill(action) : [];
  });
  return pick(possible, random) ?? { kind: 'update', promotion: 1 };
}

function choose(kind: keyof typeof WEIGHTS, stall: Stall, random: () => number): StallAction | undefined {
  const promotion = 1;
  const person = (): number => 1 + Math.floor(random() * stall.customers);
  const otherThan = (one: number): number =>
    1 + ((one - 1 + 1 + Math.floor(random() * (stall.customers - 1))) % stall.customers);
  const placeOf = (status: string): number | undefined =>
    pick(
      [...stall.coupons.keys()].filter((place) => stall.coupons[place]?.status === status),
      random,
    );
  const price = (): bigint => BigInt(1 + Math.floor(random() * 200)) * 1_000_000n;
  const on = <T>(place: number | undefined, make: (coupon: number) => T): T | undefined =>
    place === undefined ? undefined : make(place);

  switch (kind) {
    case 'mint': {
      if (stall.coupons.length >= MOST_COUPONS) return undefined;
      const count = random() < 0.5 ? 1 : BATCH;
      return { kind, promotion, recipients: Array.from({ length: count }, person) };
    }
    case 'transfer':
      return on(placeOf('active'), (coupon) => ({ kind, coupon, to: otherThan(stall.coupons[coupon]?.owner ?? 1) }));
    case 'list':
      // One in four changes the price of what is listed already: one instruction, two events.
      return on(placeOf(random() < 0.25 ? 'listed' : 'active'), (coupon) => ({ kind, coupon, price: price() }));
    case 'buy':
      return on(placeOf('listed'), (coupon) => ({ kind, coupon, buyer: otherThan(stall.coupons[coupon]?.owner ?? 1) }));
    case 'cancel':
      return on(placeOf('listed'), (coupon) => ({ kind, coupon }));
    case 'redeem':
      return on(placeOf('active'), (coupon) => ({ kind, coupon }));
    case 'closeCoupon':
      return on(placeOf('redeemed'), (coupon) => ({ kind, coupon }));
    case 'rate':
      return { kind, promotion, rater: person(), stars: 1 + Math.floor(random() * 5) };
    case 'comment':
      return { kind, promotion, author: person() };
    case 'update':
      return { kind, promotion };
  }
}
