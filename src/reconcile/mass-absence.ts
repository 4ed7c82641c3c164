/** Below so many nothing is said: a collection of few documents may well be orphaned as a whole. */
const FEW = 20;
/** From this share of a collection on an endpoint that lacks the accounts is likelier wrong than the documents. */
const MOST = 0.5;

/** Whether so many of a collection's documents lack their accounts that the endpoint is to be doubted, not the documents. */
export function isMassAbsence(absent: number, documents: number): boolean {
  return absent > FEW && absent > documents * MOST;
}
