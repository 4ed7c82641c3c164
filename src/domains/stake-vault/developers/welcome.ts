import type { CausedMessage, LetterOf, MessageName } from '../../../domain-kit/message.js';
import { developers, readStakes } from './records.js';

const WELCOME = 'welcome-developer';
const DECIMALS = 6;

/** The one welcome a wallet ever gets. */
export function welcomeOf(wallet: string): MessageName {
  return { id: `${WELCOME}.${wallet}`, kind: WELCOME, key: wallet };
}

/** The welcome that a final stake causes. */
export function welcomeFor(owner: string, at: Date): CausedMessage {
  return {
    ...welcomeOf(owner),
    at,
    whileWaiting: 'a stake of a wallet that has not registered as a developer; it is kept',
  };
}

/** Writes the welcome; to whoever has nothing staked any more it says nothing. */
export function welcomeLetters(vault: string): Readonly<Record<string, LetterOf>> {
  return {
    [WELCOME]: async (db, wallet) => {
      const developer = await developers(db).findOne({ _id: wallet });
      const stake = (await readStakes(db, vault, [wallet])).get(wallet);
      if (!developer || stake?.status !== 'active') return null;
      return {
        to: developer.email,
        subject: 'Welcome: your developer account is active',
        text: [
          `Hello ${developer.name},`,
          '',
          `your stake of ${tokens(stake.staked)} is final, and your developer account is active.`,
          `Wallet: ${wallet}`,
          '',
        ].join('\n'),
      };
    },
  };
}

/** Millionths as people write them: 12.5. */
function tokens(millionths: bigint): string {
  const digits = millionths.toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return digits.slice(0, -DECIMALS) + (fraction === '' ? '' : `.${fraction}`);
}
