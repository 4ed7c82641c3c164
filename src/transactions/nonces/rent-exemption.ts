/** The account in which the cluster says what storage costs. */
export const RENT_SYSVAR = 'SysvarRent111111111111111111111111111111111';

const RENT_BYTES = 17;
const THRESHOLD_AT = 8;
/** What the runtime counts for an account beside its data. */
const ACCOUNT_OVERHEAD_BYTES = 128;

/**
 * The lamports that keep an account of so many bytes alive, from the data of the rent sysvar (lamports per byte and year
 * u64, years f64, burned percent u8); null where that is not what the data is.
 */
export function rentExemption(sysvar: Uint8Array, bytes: number): bigint | null {
  if (sysvar.length !== RENT_BYTES) return null;
  const view = new DataView(sysvar.buffer, sysvar.byteOffset, sysvar.byteLength);
  const perByteAndYear = view.getBigUint64(0, true);
  const years = view.getFloat64(THRESHOLD_AT, true);
  const total = Math.floor(Number(BigInt(ACCOUNT_OVERHEAD_BYTES + bytes) * perByteAndYear) * years);
  return Number.isSafeInteger(total) && total >= 0 ? BigInt(total) : null;
}
