import { Keypair, LAMPORTS_PER_SOL, type PublicKey } from '@solana/web3.js';
import type { CouponsClient } from '../../../src/dev/coupons-client.js';

/** Many people who want to write the same account at the same moment. */
export interface CrowdTraffic {
  /** Everybody rates the same promotion at once. Resolves to the signatures when all have landed. */
  crowd(): Promise<string[]>;
}

const RATERS = 16;

/** Opens a shop with a crowd. `fund` adds lamports to a wallet. */
export async function openCrowdTraffic(
  client: CouponsClient,
  fund: (address: PublicKey, lamports: number) => Promise<void>,
): Promise<CrowdTraffic> {
  const fundedWallet = async (): Promise<Keypair> => {
    const wallet = Keypair.generate();
    await fund(wallet.publicKey, 10 * LAMPORTS_PER_SOL);
    return wallet;
  };
  const merchant = await fundedWallet();
  const raters = await Promise.all(Array.from({ length: RATERS }, fundedWallet));
  await client.registerMerchant(merchant, 'Crowded');
  await client.createPromotion(merchant);
  const promotion = client.at.promotion(client.at.merchant(merchant.publicKey), 1n);
  let round = 0;
  return {
    crowd: async () => {
      round += 1;
      const landed = await Promise.all(
        raters.map((rater, place) => client.ratePromotion(rater, promotion, 1 + ((round + place) % 5))),
      );
      return landed.map(({ signature }) => signature);
    },
  };
}
