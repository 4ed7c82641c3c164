import { meetingKey } from './journal.js';

/** What can go wrong in a world, and the ways in which it gets right again. */
interface Kinds {
  readonly faults: readonly string[];
  readonly paths: readonly string[];
  /** Of both: what has to happen with something, not with everything, because it takes several accidents at once. */
  readonly rare?: readonly string[];
}

/** Faults that never met a way of recovery; of what is rare, those that met nothing at all. */
export function meetingsMissing(
  { faults, paths, rare = [] }: Kinds,
  meetings: Readonly<Record<string, number>>,
): string[] {
  const pairs = faults.flatMap((fault) => paths.map((path) => ({ fault, path, key: meetingKey(fault, path) })));
  const hasMet = (name: string) =>
    pairs.some(({ fault, path, key }) => (fault === name || path === name) && meetings[key]);
  return [
    ...pairs
      .filter(({ fault, path, key }) => !meetings[key] && !rare.includes(fault) && !rare.includes(path))
      .map(({ key }) => key),
    ...rare.filter((name) => !hasMet(name)),
  ];
}

/** One line a fault, one column a way of recovery. */
export function meetingsTable(
  { faults, paths }: Kinds,
  came: Readonly<Record<string, number>>,
  meetings: Readonly<Record<string, number>>,
): string {
  const widest = Math.max(...faults.map((fault) => fault.length));
  const legend = paths.map((path, at) => `${letterOf(at)} ${path}`).join(', ');
  const head = ['', 'came', ...paths.map((_, at) => letterOf(at))];
  const rows = faults.map((fault) => [
    fault,
    String(came[fault] ?? 0),
    ...paths.map((path) => String(meetings[meetingKey(fault, path)] ?? 0)),
  ]);
  const lines = [head, ...rows].map(([name = '', ...cells]) =>
    [name.padEnd(widest), ...cells.map((cell) => cell.padStart(8))].join(''),
  );
  return [...lines, '', legend].join('\n');
}

function letterOf(at: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + at);
}
