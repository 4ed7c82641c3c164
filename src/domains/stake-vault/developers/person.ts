import { z } from 'zod';
import { addressField } from '../../../domain-kit/command-fields.js';

const NAME_CHARACTERS = 100;
/** No control characters, and so no lines of its own; joiners, which Persian and emojis need, between two others only. */
const ONE_LINE = /^(?=.{1,100}$)[^\p{C}\p{Zl}\p{Zp}](?:[\u200c\u200d]?[^\p{C}\p{Zl}\p{Zp}])*$/u;
const JOINERS = /[\u200c\u200d]/g;
/** What programs make a link of: `//`, `www.`, or a dot between a label and what could be a top-level domain or an IP. */
const LINK = /\/\/|www\.|[\p{L}\p{N}_-][.\u3002](?:\p{L}{2}|\p{N}|xn--)/iu;

/** Whether a name is in one line and none of those texts that programs make links of. */
export function isPlainName(name: string): boolean {
  return ONE_LINE.test(name) && !LINK.test(name.replace(JOINERS, '').normalize('NFKC'));
}

/** What a wallet says of itself. Anybody can say it of any e-mail address: nobody has shown that it is theirs. */
export const personSchema = z.strictObject({
  wallet: addressField('The wallet'),
  // Shown in lists and in the text that is signed.
  name: z
    .string({ error: 'must be a text' })
    .trim()
    .refine(isPlainName, {
      error: `must have 1 to ${NAME_CHARACTERS} characters in one line, and no link, domain or e-mail address: put a space behind a dot`,
    }),
  email: z.email({ error: 'must be an e-mail address such as me@example.com' }).max(254, 'has 254 characters at most'),
});
