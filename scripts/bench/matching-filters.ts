import type { Matchable } from '../../src/delivery/matching/event-matcher.js';
import type { EventFilter } from '../../src/delivery/dispatchers/dispatcher.js';

/** The same wish in three languages: ours, that of MongoDB, and JavaScript as somebody writes it for this wish alone. */
export interface Wish {
  readonly filter: EventFilter;
  readonly query: Readonly<Record<string, unknown>>;
  readonly plain: (event: Matchable) => boolean;
}

interface Order {
  readonly owner: string;
  readonly price: number;
  readonly coupon: { readonly kind: string; readonly code: string };
  readonly tags: readonly string[];
  readonly items: readonly { readonly kind: string; readonly price: number }[];
  readonly note?: string | null;
}

const OWNERS = 50;
const PRICES = 1_000;
const KINDS = ['book', 'pen', 'cup', 'bag', 'map'];
const CODES = ['SUMMER', 'WINTER', 'SPRING', 'AUTUMN'];
/** Knuth's multiplicative hash: the same events in every run. */
const MIX = 2_654_435_761;

/** The n-th event: an order of a shop. */
export function benchEvent(n: number): Matchable {
  const mixed = (n * MIX) >>> 0;
  const kind = (at: number) => KINDS[(mixed >>> at) % KINDS.length] ?? '';
  const payload: Order = {
    ...{ owner: `owner-${mixed % OWNERS}`, price: mixed % PRICES },
    coupon: { kind: kind(3), code: `${CODES[mixed % CODES.length]}-${n}` },
    tags: [kind(5), kind(7)],
    items: [2, 9, 11].map((at) => ({ kind: kind(at), price: (mixed >>> at) % 100 })),
    ...(mixed % 3 === 0 ? {} : { note: mixed % 3 === 1 ? null : 'gift' }),
  };
  return { payload, context: { app: 'shop' } };
}

/** The n-th wish: one of five kinds, with values of its own. */
export function benchWish(n: number): Wish {
  const owners = [0, 1, 2].map((at) => `owner-${(n + at * 7) % OWNERS}`);
  const kind = KINDS[n % KINDS.length] ?? '';
  const code = CODES[n % CODES.length] ?? '';
  const low = (n * 37) % PRICES;
  const order = ({ payload }: Matchable) => payload as Order;
  const wishes: readonly (() => Wish)[] = [
    () => ({
      filter: { payload: { owner: owners } },
      query: { 'payload.owner': { $in: owners } },
      plain: (event) => owners.includes(order(event).owner),
    }),
    () => ({
      filter: { payload: { price: [{ $between: [low, low + 200] }], owner: [{ $anythingBut: owners[0] }] } },
      query: { 'payload.price': { $gte: low, $lte: low + 200 }, 'payload.owner': { $ne: owners[0] } },
      plain: (event) => {
        const { price, owner } = order(event);
        return price >= low && price <= low + 200 && owner !== owners[0];
      },
    }),
    () => ({
      filter: { payload: { coupon: { code: [{ $startsWith: code }], kind: [kind] } } },
      query: { 'payload.coupon.code': new RegExp(`^${code}`), 'payload.coupon.kind': kind },
      plain: (event) => order(event).coupon.code.startsWith(code) && order(event).coupon.kind === kind,
    }),
    () => ({
      filter: { payload: { items: { kind: [kind], price: [{ $gt: 50 }] } } },
      query: { 'payload.items': { $elemMatch: { kind, price: { $gt: 50 } } } },
      plain: (event) => order(event).items.some((item) => item.kind === kind && item.price > 50),
    }),
    () => ({
      filter: { payload: { note: [{ $exists: false }], tags: [{ $includes: kind }] }, context: { app: ['shop'] } },
      query: { 'payload.note': { $exists: false }, 'payload.tags': kind, 'context.app': 'shop' },
      plain: (event) =>
        order(event).note === undefined &&
        order(event).tags.includes(kind) &&
        (event.context as { app: string }).app === 'shop',
    }),
  ];
  return (wishes[n % wishes.length] as () => Wish)();
}
