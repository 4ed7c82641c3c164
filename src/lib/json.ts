/** JSON with u64s as strings: they do not fit a JavaScript number (2^53) and JSON has no other exact form. */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? item.toString() : item), indent);
}
