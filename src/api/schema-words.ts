import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  ...{ object: 'a JSON object', record: 'a JSON object', array: 'a list', string: 'a text' },
  ...{ number: 'a number', int: 'a whole number', boolean: 'true or false' },
};

/** What is wrong with a field, where its schema has no words of its own for it; undefined: nor are there any here. */
export function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  const kind = issue.code === 'invalid_type' ? KINDS[issue.expected] : undefined;
  return kind && `must be ${kind}`;
}
