import type { LossReport } from '../loss.js';
import type { LossRow } from './loss-rows.js';

const NAME_WIDTH = 44;
const CELL_WIDTH = 11;
const COLUMNS = ['sent', 'received', 'lost', 'doubled', 'false', 'noticed s', 'recovered s'];

/** The figures as lines for people: each phase with its contestants, then everything. */
export function describeLoss({ chain, slotTimeMs, timing, transactions, phases, totals }: LossReport): string[] {
  const seconds = (ms: number) => `${ms / 1_000} s`;
  const shown = (row: LossRow, name: string) =>
    line(name, [
      ...[row.sent, row.received, row.lost, row.doubled, row.false],
      ...[row.noticedSeconds ?? '–', row.recoveredSeconds],
    ]);
  return [
    '',
    `Loss, on ${chain === 'surfnet' ? 'a Surfnet' : 'a solana-test-validator'}, slots of ${slotTimeMs} ms, ` +
      `${transactions} transactions; outage ${seconds(timing.outageMs)}, half-open socket ${seconds(timing.halfOpenMs)}`,
    line('events', COLUMNS),
    ...phases.flatMap(({ phase, rows, wrongDocuments }) => [
      ...rows.map((row) => shown(row, `${phase}: ${row.contestant}`)),
      ...(wrongDocuments > 0 ? [`  ${wrongDocuments} documents of mooring are WRONG`] : []),
    ]),
    ...totals.map((row) => shown(row, `total: ${row.contestant}`)),
  ];
}

function line(name: string, cells: readonly (string | number)[]): string {
  return name.padEnd(NAME_WIDTH) + cells.map((cell) => String(cell).padStart(CELL_WIDTH + 1)).join('');
}
