const LEADING_SEPARATORS = /^[_.\- ]+/;
const SEPARATED = /[_.\- ]+([\p{Alpha}\p{N}_]|$)/gu;
const NUMBERED = /\d+([\p{Alpha}\p{N}_]|$)/gu;
/** Where a name that already has capitals is cut into words: foo|Bar, FOO|Bar. */
const WORD_STARTS = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu;

/**
 * An IDL name as Anchor's TypeScript client writes it (the rule of the `camelcase` package, version 6):
 * `merchant_revision` → `merchantRevision`, `Active` → `active`, `ed25519_key` and `ed25519key` → `ed25519Key`.
 */
export function camelCase(name: string): string {
  const trimmed = name.trim();
  if (trimmed.length === 1) return trimmed.toLowerCase();
  return trimmed
    .replace(WORD_STARTS, '-')
    .replace(LEADING_SEPARATORS, '')
    .toLowerCase()
    .replace(SEPARATED, (_, first: string) => first.toUpperCase())
    .replace(NUMBERED, (numbered) => numbered.toUpperCase());
}
