/** The newest slot whose records may enter the documents; `Infinity` where nothing is waited for. */
export type AppliesUpTo = () => number;

/** No record waits for more than being confirmed. */
export const AT_ONCE: AppliesUpTo = () => Infinity;

/**
 * With `confirmations` slots asked for on top of confirmed, a record's slot must lie that far below the confirmed head.
 * While the head is not known, nothing has had them.
 */
export function newestApplicableSlot(confirmedSlot: number | null, confirmations: number): number {
  if (confirmations === 0) return Infinity;
  return confirmedSlot === null ? -1 : confirmedSlot - confirmations;
}
