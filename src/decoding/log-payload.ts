/** The bytes of a `Program data:` line, or what stood there instead. */
export interface LogPayload {
  readonly bytes: Uint8Array;
  /** False: the text is not base64, and `bytes` are those of the text itself. The runtime never writes such a line. */
  readonly valid: boolean;
}

/** Decodes what follows `Program data: `. Several fields of one `sol_log_data` call are joined, as Anchor's parser does. */
export function decodeLogPayload(payload: string): LogPayload {
  if (!payload.includes(' ')) return decodeField(payload) ?? { bytes: viewOf(Buffer.from(payload)), valid: false };
  const fields = payload.split(' ').map((field) => decodeField(field));
  const bytes = fields.map((field) => field?.bytes);
  if (!bytes.every((field) => field !== undefined)) return { bytes: viewOf(Buffer.from(payload)), valid: false };
  return { bytes: viewOf(Buffer.concat(bytes)), valid: true };
}

function decodeField(base64: string): LogPayload | undefined {
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  const buffer = Buffer.from(base64, 'base64');
  // Node skips what is not base64; then there are fewer bytes than characters promise (never a fraction of one).
  if (buffer.length !== (base64.length / 4) * 3 - padding) return undefined;
  return { bytes: viewOf(buffer), valid: true };
}

/** A plain Uint8Array: consumers compare and store those, and a Buffer is not equal to one. */
function viewOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
