/** This many endpoints must say that something is gone, where there are as many (I5). */
const WITNESSES = 2;

/** How many of so many endpoints have to agree before anything is taken out of the documents: where there is none, nothing is. */
export function witnessesNeeded(endpoints: number): number {
  return Math.max(1, Math.min(WITNESSES, endpoints));
}
