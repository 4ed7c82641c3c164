import anchor, { type Idl } from '@coral-xyz/anchor';
import { PublicKey, type Connection } from '@solana/web3.js';
import coupons from '../../../idl/coupons.json' with { type: 'json' };
import type { ChainEvent } from '../chain-events.js';

/** What one write did, as the chain's history tells it. */
export interface ChainEffect {
  readonly signature: string;
  readonly kind: 'promotion' | 'comment' | 'rating';
  /** The text that the write brought; null for a rating, which has none. */
  readonly text: string | null;
}

/** What stands in the program's accounts. */
export interface AccountTexts {
  /** Titles of the promotions, with `<merchant>/<id>` of each. */
  readonly promotions: readonly { readonly title: string; readonly id: string }[];
  readonly comments: readonly string[];
}

const KINDS: Readonly<Record<string, ChainEffect['kind']>> = {
  PromotionCreated: 'promotion',
  CommentAdded: 'comment',
  PromotionRated: 'rating',
};

/** The effects of writes among the events of the chain. */
export function effectsIn(events: readonly ChainEvent[]): ChainEffect[] {
  return events.flatMap(({ id, name, data }) => {
    const kind = KINDS[name];
    const text = (data['title'] ?? data['text'] ?? null) as string | null;
    return kind ? [{ signature: id.split('/')[0] as string, kind, text }] : [];
  });
}

/** Reads every promotion and comment of the program from its accounts, by web3.js and Anchor's coder alone. */
export async function readAccountTexts(connection: Connection): Promise<AccountTexts> {
  const coder = new anchor.BorshAccountsCoder(coupons as Idl);
  const found = await connection.getProgramAccounts(new PublicKey(coupons.address), 'confirmed');
  const ofType = (type: string) =>
    found
      .filter(({ account: { data } }) => coder.accountDiscriminator(type).equals(data.subarray(0, 8)))
      .map(({ account: { data } }) => coder.decode<Record<string, unknown>>(type, data));
  return {
    promotions: ofType('Promotion').map((promotion) => ({
      title: String(promotion['title']),
      id: `${String(promotion['merchant'])}/${String(promotion['promotion_id'])}`,
    })),
    comments: ofType('Comment').map((comment) => String(comment['text'])),
  };
}
