import { defineSettle } from '../../domain-kit/settle.js';
import { Listing, Promotion } from './models.js';

/** A promotion's floor price: the cheapest of its open listings. */
export const floorPrice = defineSettle({
  name: 'floor-price',
  watch: Listing,
  key: (listing) => listing.promotion,
  into: Promotion,
  query: (promotion) => ({ where: { promotion }, sort: { price: 1 }, limit: 1 }),
  compute: ([cheapest]) => ({ floorPrice: cheapest?.price ?? null }),
});
