import { FAULTS, meetingKey, PATHS, type Fault } from './journal.js';

/** Faults that never met a way of recovery. */
export function meetingsMissing(meetings: Readonly<Record<string, number>>): string[] {
  return FAULTS.flatMap((fault) => PATHS.map((path) => meetingKey(fault, path))).filter((key) => !meetings[key]);
}

/** One line a fault, one column a way of recovery. */
export function meetingsTable(
  faults: Readonly<Partial<Record<Fault, number>>>,
  meetings: Readonly<Record<string, number>>,
): string {
  const widest = Math.max(...FAULTS.map((fault) => fault.length));
  const legend = PATHS.map((path, at) => `${letterOf(at)} ${path}`).join(', ');
  const head = ['', 'came', ...PATHS.map((_, at) => letterOf(at))];
  const rows = FAULTS.map((fault) => [
    fault,
    String(faults[fault] ?? 0),
    ...PATHS.map((path) => String(meetings[meetingKey(fault, path)] ?? 0)),
  ]);
  const lines = [head, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(widest), ...cells.map((cell) => cell.padStart(8))].join(''),
  );
  return [...lines, '', legend].join('\n');
}

function letterOf(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at);
}
