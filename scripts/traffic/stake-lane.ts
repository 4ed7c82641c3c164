import type { Keypair } from '@solana/web3.js';
import type { Lane } from './lane.js';
import type { StakeSender, VaultPlace } from './stake-sender.js';

/** Who stakes in a vault. */
export interface StakePeople extends VaultPlace {
  /** Each with tokens of the mint. */
  readonly owners: readonly [Keypair, Keypair, ...Keypair[]];
}

/** Millionths in a token. */
export const TOKEN = 1_000_000n;
const MINIMUM = 10n * TOKEN;
const COOLDOWN_SECONDS = 1;
/** The chain's clock counts whole seconds, and may be a little behind ours. */
const WITHDRAWABLE_AFTER_MS = 3_000;

/** A vault that opens, wallets that stake in it again and again, ask some of it back and take it out after the cooldown. */
export async function* stakeLane(sender: StakeSender, { owners, ...place }: StakePeople, isOpen: boolean): Lane {
  if (!isOpen) {
    const opened = await sender.open(place, MINIMUM, COOLDOWN_SECONDS);
    yield { ...opened, events: ['VaultInitialized'], sentence: 'A vault opens' };
  }
  let askedAt: number | null = null;
  for (;;) {
    for (const owner of owners) {
      // More than the minimum, so that some of it can be asked back.
      const staked = await sender.stake(place, owner, MINIMUM + TOKEN);
      yield { ...staked, events: ['Staked'], sentence: 'A developer stakes' };
    }
    if (askedAt === null) {
      for (const owner of owners) {
        const asked = await sender.requestUnstake(place, owner, TOKEN);
        yield { ...asked, events: ['UnstakeRequested'], sentence: '…asks a part back' };
      }
      askedAt = Date.now();
    } else if (Date.now() - askedAt >= WITHDRAWABLE_AFTER_MS) {
      for (const owner of owners) {
        yield { ...(await sender.withdraw(place, owner)), events: ['Withdrawn'], sentence: '…and takes it out' };
      }
      askedAt = null;
    }
    const updated = await sender.update(place, MINIMUM);
    yield { ...updated, events: ['VaultUpdated'], sentence: 'The terms are confirmed' };
  }
}
