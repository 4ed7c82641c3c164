import { couponOf, type Stall, type StallAction } from './traffic-stall.js';

/** What the people of the demo traffic are called; the first ones come first. */
export const CUSTOMER_NAMES = ['Ada', 'Ben', 'Chidi', 'Dara', 'Emre', 'Fay', 'Gus', 'Hana'] as const;
export const SHOP_NAMES = [
  'Bean There',
  'Crumb & Co',
  'Second Page Books',
  'The Noodle Bar',
  'Rolling Bikes',
  'Green Thumb',
  'Vinyl Corner',
  'Salt & Stone',
] as const;
const COMMENTS = [
  'Worth the queue.',
  'My "$5 off" worked at once.',
  'Closed on Monday, beware!',
  'Größer als gedacht 👍',
  'Would buy again.',
  'The owner remembered my name.',
];

export function commentText(index: number): string {
  return COMMENTS[index % COMMENTS.length] as string;
}

/** An action as a person would tell it, before it is played. */
export function describeAction(stall: Stall, action: StallAction, shop: string): string {
  const who = (person: number) => CUSTOMER_NAMES[(person - 1) % CUSTOMER_NAMES.length] as string;
  const coupon = (place: number) => `coupon #${couponOf(stall, place).serial}`;
  const owner = (place: number) => who(couponOf(stall, place).owner);
  switch (action.kind) {
    case 'register':
      return `${shop} opens`;
    case 'create':
      return `${shop} starts promotion ${action.promotion}`;
    case 'update':
      return `${shop} changes promotion ${action.promotion}`;
    case 'closePromotion':
      return `${shop} ends promotion ${action.promotion}`;
    case 'mint':
      return action.recipients.length === 1
        ? `${shop} gives ${who(action.recipients[0] as number)} a coupon`
        : `${shop} mints ${action.recipients.length} coupons at once`;
    case 'transfer':
      return `${owner(action.coupon)} gives ${coupon(action.coupon)} to ${who(action.to)}`;
    case 'list':
      return `${owner(action.coupon)} asks ${sol(action.price)} for ${coupon(action.coupon)}`;
    case 'buy':
      return `${who(action.buyer)} buys ${coupon(action.coupon)} from ${owner(action.coupon)} for ${sol(couponOf(stall, action.coupon).price)}`;
    case 'cancel':
      return `${owner(action.coupon)} takes ${coupon(action.coupon)} off sale`;
    case 'redeem':
      return `${owner(action.coupon)} redeems ${coupon(action.coupon)} at ${shop}`;
    case 'closeCoupon':
      return `${owner(action.coupon)} throws the used ${coupon(action.coupon)} away`;
    case 'rate':
      return `${who(action.rater)} gives ${shop} ${'★'.repeat(action.stars)}`;
    case 'comment':
      return `${who(action.author)} comments on promotion ${action.promotion} of ${shop}`;
  }
}

function sol(lamports: bigint): string {
  return `${(Number(lamports) / 1e9).toFixed(3)} SOL`;
}
