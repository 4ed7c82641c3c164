import type { GrownNonces } from '../../src/transactions/nonces/grow-nonces.js';
import { inSol } from '../../src/transactions/nonces/nonce-funds.js';
import type { NonceCounts } from '../../src/transactions/nonces/nonce-store.js';
import type { RepairedNonces } from '../../src/transactions/nonces/repair-nonces.js';
import { NONCE_STATES, type StoredNonce } from '../../src/transactions/nonces/stored-nonce.js';
import type { WithdrawnNonces } from '../../src/transactions/nonces/withdraw-nonces.js';

/** One line for each, and one for all. */
export function describeList(nonces: readonly StoredNonce[], counts: NonceCounts): string[] {
  if (nonces.length === 0) return ['There are no nonce accounts. Make some: npm run nonces -- create --count 10'];
  const lines = nonces.map(({ _id, authority, index, state, claimedBy, reason }) =>
    [state.padEnd(9), _id, `${authority}/${index}`, claimedBy ? `by ${claimedBy}` : '', reason ?? '']
      .join('  ')
      .trimEnd(),
  );
  return [...lines, `${NONCE_STATES.map((state) => `${counts[state]} ${state}`).join(', ')}.`];
}

/** What was made, and what was not. */
export function describeGrown(authority: string, grown: GrownNonces): string[] {
  const { addresses, made, lamports, advanced, impossible, unsettled } = grown;
  return [
    ...(advanced.length > 0
      ? [`${advanced.length} were there and unknown: advanced, so that nothing old can land.`]
      : []),
    ...impossible.map(({ address, reason }) => `${address} cannot be used: ${reason}.`),
    ...unsettled.map((address) => `${address} is not final yet: give the same command again.`),
    `${made.length} made for ${inSol(lamports)}; ${addresses.length - impossible.length - unsettled.length} ready, of ${addresses.length}. Authority: ${authority}.`,
  ];
}

/** What was wrong, what was done, and what is left. */
export function describeRepaired({
  changed,
  made,
  forgotten,
  advanced,
  left,
  unknown,
  ...all
}: RepairedNonces): string[] {
  return [
    ...changed.map(({ address, step, from, to, reason }) => {
      return `${address}  ${step}: ${from} → ${to}${reason === null ? '' : ` (${reason})`}`;
    }),
    ...forgotten.map((address) => `${address}  was not in the database`),
    ...made.map((address) => `${address}  made or paid for`),
    ...advanced.map((address) => `${address}  advanced, so that nothing signed over its old value can land`),
    ...left.map(({ address, reason }) => `${address}  left: ${reason}`),
    ...unknown.map((address) => `${address}  could not be read: as it was`),
    `${all.looked} looked at, ${changed.length} changes, ${left.length} left. Authority: ${all.authority}.`,
  ];
}

/** What was closed, and what was not. */
export function describeWithdrawn({ authority, closed, lamports, left, unsettled }: WithdrawnNonces): string[] {
  return [
    ...left.map(({ address, reason }) => `${address}  left: ${reason}`),
    ...unsettled.map((address) => `${address}  is not final yet: give the same command again`),
    `${closed.length} closed, ${inSol(lamports)} returned to ${authority}.`,
  ];
}
