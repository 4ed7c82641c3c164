import { createHash } from 'node:crypto';

/** The id of a request: a key is its client's own, so two clients may use the same one. */
export function transactionId(owner: string, key: string): string {
  return `${owner}:${key}`;
}

/** sha256 of the canonical JSON of a request: equal for equal requests, whatever the order of their fields. */
export function bodyHash(request: unknown): string {
  return createHash('sha256').update(canonicalJson(request)).digest('hex');
}

/** What a stored request says to one that comes with the same key. */
export type KeyDecision = 'new' | 'same' | 'other-body';

/** Decides whether a request is one that was made before. */
export function decideKey(stored: { readonly bodyHash: string } | null, hash: string): KeyDecision {
  if (stored === null) return 'new';
  return stored.bodyHash === hash ? 'same' : 'other-body';
}

/** JSON with sorted keys at every depth; fields that are undefined are left out, as in JSON itself. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, item: unknown) => {
    if (typeof item === 'bigint') return item.toString();
    if (item === null || typeof item !== 'object' || Array.isArray(item)) return item;
    const fields = Object.entries(item).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    // A null prototype, so that a field named __proto__ is a field like any other.
    return Object.assign(Object.create(null) as object, Object.fromEntries(fields));
  });
}
