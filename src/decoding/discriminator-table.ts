interface Row<T> {
  readonly discriminator: Uint8Array;
  readonly found: Found<T>;
}

/** What a discriminator stands for, and how many bytes it has. */
export interface Found<T> {
  readonly entry: T;
  readonly size: number;
}

/**
 * Finds what bytes are by how they start. Discriminators are 8 bytes by default and of any length since Anchor 0.31; where
 * one begins with another, the longer is tried first.
 */
export class DiscriminatorTable<T> {
  readonly #byFirstByte: (Row<T>[] | undefined)[] = new Array<Row<T>[] | undefined>(256).fill(undefined);

  /** Adds one, or says what is wrong with it. */
  add(discriminator: unknown, entry: T): string | undefined {
    if (!isByteList(discriminator)) return 'is not a list of bytes (IDLs older than Anchor 0.30: anchor idl convert)';
    const row = { discriminator: Uint8Array.from(discriminator), found: { entry, size: discriminator.length } };
    const rows = (this.#byFirstByte[discriminator[0]!] ??= []);
    if (
      rows.some((other) => startsWith(other.discriminator, row.discriminator) && other.found.size === row.found.size)
    ) {
      return 'is taken by another';
    }
    rows.push(row);
    rows.sort((a, b) => b.found.size - a.found.size);
    return undefined;
  }

  /** What the bytes start with, or undefined. */
  find(bytes: Uint8Array): Found<T> | undefined {
    const rows = bytes.length === 0 ? undefined : this.#byFirstByte[bytes[0]!];
    if (!rows) return undefined;
    for (const row of rows) if (startsWith(bytes, row.discriminator)) return row.found;
    return undefined;
  }
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  if (bytes.length < start.length) return false;
  for (let i = 0; i < start.length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}

function isByteList(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((byte) => Number.isInteger(byte) && (byte as number) >= 0 && (byte as number) <= 255)
  );
}
