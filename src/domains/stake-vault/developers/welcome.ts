import type { CausedMessage, LetterOf, MessageName } from '../../../domain-kit/message.js';
import { developers, readFinalStake } from './records.js';

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

/**
 * Writes the welcome; to whoever has nothing staked any more it says nothing. It goes to an address that nobody has proved
 * to be theirs, so nothing of it is a text that whoever registered could choose.
 */
export function welcomeLetters(vault: string): Readonly<Record<string, LetterOf>> {
  return {
    [WELCOME]: async (db, wallet) => {
      const developer = await developers(db).findOne({ _id: wallet });
      const staked = await readFinalStake(db, vault, wallet);
      if (!developer || staked === null) return null;
      return {
        to: developer.email,
        subject: 'Welcome: your developer account is active',
        text: [
          'Hello,',
          '',
          `your stake of ${tokens(staked)} is final, and your developer account is active.`,
          `Wallet: ${wallet}`,
          '',
          'This wallet was registered with your e-mail address. If that was not you, you need not do anything.',
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
