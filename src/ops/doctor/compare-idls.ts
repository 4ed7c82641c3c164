/** As much of an IDL as is compared. */
export interface ComparableIdl {
  readonly events?: readonly unknown[] | undefined;
  readonly accounts?: readonly unknown[] | undefined;
  readonly types?: readonly unknown[] | undefined;
}

/**
 * Names of events, accounts and types that one IDL has otherwise than the other, or not at all, as `event Sold`. Documents
 * and order are no part of it. Null: `theirs` has no discriminators, as IDLs of Anchor before 0.30 have none.
 */
export function compareIdls(ours: ComparableIdl, theirs: ComparableIdl): string[] | null {
  const discriminated = [...(theirs.events ?? []), ...(theirs.accounts ?? [])];
  if (discriminated.some((one) => !('discriminator' in fieldsOf(one)))) return null;
  return [
    ...differing('event', ours.events, theirs.events),
    ...differing('account', ours.accounts, theirs.accounts),
    ...differing('type', ours.types, theirs.types),
  ];
}

function differing(what: string, ours: readonly unknown[] = [], theirs: readonly unknown[] = []): string[] {
  const [one, other] = [byName(ours), byName(theirs)];
  return [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => one.get(name) !== other.get(name))
    .map((name) => `${what} ${name}`);
}

function byName(entries: readonly unknown[]): Map<string, string> {
  return new Map(entries.map((entry) => [String(fieldsOf(entry)['name']), JSON.stringify(withoutDocs(entry))]));
}

/** Keys in one order: two builds of Anchor may write them in two. */
function withoutDocs(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDocs);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => name !== 'docs');
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, withoutDocs(item)]),
  );
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
