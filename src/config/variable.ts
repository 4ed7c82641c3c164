import { Cron } from 'croner';
import { z } from 'zod';
import type { Form } from './forms.js';

/** Building blocks of the environment's schema. Every message says what to write instead. */

/** A whole number from `min` to `max`; `35_000` may be written for 35000. */
export function whole(fallback: number, min: number, max: number = Number.MAX_SAFE_INTEGER) {
  const range = `a whole number from ${min} to ${max === Number.MAX_SAFE_INTEGER ? '2^53 − 1' : max}`;
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      const value = wholeFrom(text);
      if (value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: `must be ${range}, such as ${fallback}` });
      return z.NEVER;
    });
}

/** A whole number from `min` to `max`, or undefined when unset. */
export function optionalWhole(min: number, max: number) {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return undefined;
      const value = wholeFrom(text);
      if (value >= min && value <= max) return value;
      context.addIssue({ code: 'custom', message: `must be a whole number from ${min} to ${max}` });
      return z.NEVER;
    });
}

/** The number that a text of digits is; NaN for any other text. */
export function wholeFrom(text: string): number {
  return /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : NaN;
}

/** `true` or `false`, also as 1/0, yes/no, on/off. */
export function flag(fallback: boolean) {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      if (/^(true|1|yes|on)$/i.test(text)) return true;
      if (/^(false|0|no|off)$/i.test(text)) return false;
      context.addIssue({ code: 'custom', message: 'must be true or false' });
      return z.NEVER;
    });
}

/** Several values with commas between them; unset is none. Each must be of the form that `what` describes. */
export function list(form: Form, what: string) {
  return z
    .string()
    .optional()
    .transform((text, context): readonly string[] => {
      const items = (text ?? '')
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
      // The value itself stays out of the message: it may be a secret.
      const bad = items.findIndex((item) => !form.test(item));
      if (bad === -1) return Object.freeze(items);
      context.addIssue({
        code: 'custom',
        message: `must be ${what}, with commas between several; entry ${bad + 1} is not`,
      });
      return z.NEVER;
    });
}

/** One value of the form that `what` describes, or undefined when unset. */
export function optionalText(form: Form, what: string) {
  return z
    .string()
    .refine((text) => form.test(text), `must be ${what}`)
    .optional();
}

/** A cron pattern of five or six fields, or `off`, which is null. */
export function cronPattern(fallback: string) {
  return z
    .string()
    .optional()
    .transform((text, context) => {
      if (text === undefined) return fallback;
      if (/^off$/i.test(text)) return null;
      try {
        if (new Cron(text, { paused: true }).nextRun()) return text;
      } catch {
        // Told below, in the words of all variables.
      }
      context.addIssue({ code: 'custom', message: `must be a cron pattern, such as ${fallback}, or off` });
      return z.NEVER;
    });
}
