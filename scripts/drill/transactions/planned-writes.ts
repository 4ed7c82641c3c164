import { pick } from '../../../src/dev/seeded-random.js';

/** A write of the drill. `key` is its Idempotency-Key, and the text by which its effect is known on chain where it has one. */
export interface PlannedWrite {
  readonly key: string;
  readonly kind: 'promotion' | 'comment' | 'rating' | 'refused';
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Sent to another process as well, so many milliseconds later; null: only once. */
  readonly duplicateAfterMs: number | null;
  /** Once it is answered, its key is used for another body. */
  readonly isKeyReused: boolean;
}

/** A signer that the server holds and its promotion, both base58. */
export interface Shop {
  readonly signer: string;
  readonly promotion: string;
}

const DUPLICATES = 0.1;
const REUSED = 0.02;
/** The duplicate meets the first one before, while or after it lands. */
const LATEST_DUPLICATE_MS = 1_500;
/** Comments and ratings of somebody who has another promotion: two signers, so two processes, meet at one account. */
const VISITS = 0.2;
const SHARES = { promotion: 0.45, comment: 0.3, rating: 0.2 } as const;

/** The writes of a drill. The same for the same `random` (0 ≤ n < 1). */
export function planWrites(count: number, shops: readonly Shop[], random: () => number): PlannedWrite[] {
  return Array.from({ length: count }, (_, number) => {
    const key = `write-${number}`;
    const home = choose(shops, random);
    const { promotion } = random() < VISITS ? choose(shops, random) : home;
    return {
      key,
      ...requestOf(random(), key, home.signer, promotion, 1 + Math.floor(random() * 5)),
      duplicateAfterMs: random() < DUPLICATES ? random() * LATEST_DUPLICATE_MS : null,
      isKeyReused: random() < REUSED,
    };
  });
}

/** The same key with this is another request. */
export function otherBody(write: PlannedWrite): Readonly<Record<string, unknown>> {
  switch (write.kind) {
    case 'comment':
      return { ...write.body, text: `${write.key} again` };
    case 'rating':
      return { ...write.body, stars: 1 + ((write.body['stars'] as number) % 5) };
    default:
      return { ...write.body, title: `${write.key} again` };
  }
}

function requestOf(
  drawn: number,
  key: string,
  signer: string,
  promotion: string,
  stars: number,
): Pick<PlannedWrite, 'kind' | 'path' | 'body'> {
  const { promotion: promotions, comment, rating } = SHARES;
  if (drawn >= promotions && drawn < promotions + comment) {
    return { kind: 'comment', path: '/api/comments', body: { author: signer, promotion, text: key } };
  }
  if (drawn >= promotions + comment && drawn < promotions + comment + rating) {
    return { kind: 'rating', path: '/api/ratings', body: { rater: signer, promotion, stars } };
  }
  const isFine = drawn < promotions;
  return {
    kind: isFine ? 'promotion' : 'refused',
    path: '/api/promotions',
    body: {
      ...{ authority: signer, title: key, description: 'Of a drill', discountBps: 500, maxSupply: 100 },
      ...{ resaleFeeBps: 0, expiresAt: isFine ? '2099-01-01T00:00:00Z' : '2020-01-01T00:00:00Z' },
    },
  };
}

function choose(shops: readonly Shop[], random: () => number): Shop {
  const shop = pick(shops, random);
  if (!shop) throw new RangeError('a drill needs a shop');
  return shop;
}
