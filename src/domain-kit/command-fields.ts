import bs58 from 'bs58';
import { z } from 'zod';

/** Fields of command bodies. Each message says what to send. */

const ADDRESS_BYTES = 32;
/** The largest u64. */
export const U64_MAX = 2n ** 64n - 1n;

/** A base58 account address. */
export function addressField(what: string) {
  return z
    .string({ error: 'must be a base58 address' })
    .refine(isAddress, 'must be a base58 address of 32 bytes')
    .meta({ description: what, examples: ['2U7G18mRwqf1gVRiy942GXZx1ywwcBQW8dpfeXKwGov4'] });
}

/** Who signs: a server-held key, the server's first one when left out; or a wallet where it is prepared for one. */
export function signerField(role: string) {
  return addressField(
    `${role}: a key the server holds, or to /prepare any wallet. Left out: the server's first one.`,
  ).optional();
}

/** Text by its bytes in UTF-8, which is what accounts have room for. */
export function textField(what: string, minBytes: number, maxBytes: number) {
  const range = minBytes === 0 ? `at most ${maxBytes} bytes` : `${minBytes} to ${maxBytes} bytes`;
  return (
    z
      .string({ error: 'must be a text' })
      // Half of a surrogate pair has no form in UTF-8: what stands on chain would not be what was sent.
      .refine((text) => !/\p{Surrogate}/u.test(text), 'must be well-formed Unicode, without half a surrogate pair')
      .refine((text) => {
        const bytes = Buffer.byteLength(text, 'utf8');
        return bytes >= minBytes && bytes <= maxBytes;
      }, `must have ${range} in UTF-8`)
      .meta({ description: `${what} (${range} in UTF-8)` })
  );
}

/** A whole number that fits a JavaScript number. */
export function integerField(what: string, min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.int({ error: message }).min(min, message).max(max, message).meta({ description: what });
}

/** An unsigned 64-bit number as a decimal string: JSON numbers are not exact beyond 2^53. */
export function u64Field(what: string, min = 0n) {
  const message = `must be a whole number from ${min} to ${U64_MAX}, as a string of digits`;
  return z
    .string({ error: message })
    .regex(/^\d{1,20}$/, message)
    .refine((digits) => BigInt(digits) >= min && BigInt(digits) <= U64_MAX, { error: message, when: isDigits })
    .transform((digits) => BigInt(digits))
    .meta({ description: what, examples: ['1000000000'] });
}

/** A moment in ISO 8601 with its time zone; whole seconds on chain. */
export function timeField(what: string) {
  return z.iso
    .datetime({ offset: true, error: 'must be a time such as 2030-01-31T12:00:00Z' })
    .transform((text) => BigInt(Math.floor(Date.parse(text) / 1_000)))
    .meta({ description: what, examples: ['2030-01-31T12:00:00Z'] });
}

/** Whether a text is the base58 form of 32 bytes. */
export function isAddress(text: string): boolean {
  // bs58 throws on other alphabets; 44 digits are the most that 32 bytes can take.
  return text.length >= 32 && text.length <= 44 && bs58.decodeUnsafe(text)?.length === ADDRESS_BYTES;
}

function isDigits(payload: { value: unknown }): boolean {
  return typeof payload.value === 'string' && /^\d{1,20}$/.test(payload.value);
}
