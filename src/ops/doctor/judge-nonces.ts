import { fail, ok, warn, type Judgement } from './finding.js';
import { counted } from './words.js';

/** Of a pool with less than one in so many available, more are made before it runs dry. */
const FEW_IS_ONE_IN = 5;

/** The nonce accounts of all signers. */
export interface NoncesReading {
  readonly available: number;
  readonly claimed: number;
  readonly cooling: number;
  readonly broken: number;
  /** Why those that are broken are, with how many, most first. */
  readonly reasons: readonly (readonly [string, number])[];
}

/** Whether long-lived transactions find nonce accounts; null where there are none, and so no use for them. */
export function judgeNonces({ available, claimed, cooling, broken, reasons }: NoncesReading): Judgement | null {
  const total = available + claimed + cooling + broken;
  if (total === 0) return null;
  const why = reasons.map(([reason, count]) => `${count} ${reason}`).join(', ');
  const found =
    `${available} of ${counted(total, 'account')} available, ${claimed} claimed, ${cooling} cooling, ${broken} broken` +
    (why === '' ? '' : `: ${why}`);
  if (broken > 0) return warn(found, 'npm run nonces -- repair says what is wrong, and makes or pays what it can.');
  if (available === 0) return fail(found, `More of them: npm run nonces -- grow --to ${2 * total} (docs/nonces.md)`);
  if (available * FEW_IS_ONE_IN >= total) return ok(found);
  return warn(found, `Few are left: npm run nonces -- grow --to ${2 * total} (docs/nonces.md)`);
}
