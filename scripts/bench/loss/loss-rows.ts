import type { LossCounts } from './judge-loss.js';

/** One contestant in one phase, or in all of them. */
export interface LossRow extends LossCounts {
  readonly contestant: string;
  /** Until a socket that says nothing was given up; null where none was dead in silence. */
  readonly noticedSeconds: number | 'never' | null;
}

/** What was read twice, at its worst: at the end of the phase and at the end of the run. */
export function worseOf(one: LossCounts, other: LossCounts): LossCounts {
  return {
    sent: Math.max(one.sent, other.sent),
    received: Math.min(one.received, other.received),
    lost: Math.max(one.lost, other.lost),
    doubled: Math.max(one.doubled, other.doubled),
    false: Math.max(one.false, other.false),
    recoveredSeconds: longest([one.recoveredSeconds, other.recoveredSeconds]),
  };
}

/** A contestant's phases together: sums, and the longest times. */
export function totalOf(contestant: string, rows: readonly LossRow[]): LossRow {
  const sum = (field: 'sent' | 'received' | 'lost' | 'doubled' | 'false') =>
    rows.reduce((total, row) => total + row[field], 0);
  const noticed = rows.map((row) => row.noticedSeconds).filter((seconds) => seconds !== null);
  return {
    contestant,
    ...{
      sent: sum('sent'),
      received: sum('received'),
      lost: sum('lost'),
      doubled: sum('doubled'),
      false: sum('false'),
    },
    noticedSeconds: noticed.length === 0 ? null : longest(noticed),
    recoveredSeconds: longest(rows.map((row) => row.recoveredSeconds)),
  };
}

/** Whether nothing was lost, given twice or invented. */
export function isFlawless({ lost, doubled, false: invented }: LossCounts): boolean {
  return lost === 0 && doubled === 0 && invented === 0;
}

function longest(times: readonly (number | 'never')[]): number | 'never' {
  return times.reduce((one, other) => (one === 'never' || other === 'never' ? 'never' : Math.max(one, other)), 0);
}
