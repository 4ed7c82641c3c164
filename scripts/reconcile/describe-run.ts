import type { ReconcileRun, RunDifference } from '../../src/reconcile/reconcile-run.js';

/** Differences named on a terminal; all of them are in the run's document, up to its own bound. */
const SHOWN = 50;

/** Why a document is an orphan, where that is not for want of an account. */
const REASONS: Readonly<Record<string, string>> = {
  'no-address': 'it has no address',
  'no-event': 'no event makes it',
  duplicate: 'another document has its address',
};

/** A run in lines for people: what was wrong, what became of it, what it cost. */
export function describeRun(run: ReconcileRun): string[] {
  const { program, scope, state, counts, differences, omitted, notes, cost, durationMs, error, id } = run;
  const { accounts, documents, missing, drifted, orphaned, marked, unrecorded, unsettled } = counts;
  const wrong = missing + drifted + orphaned + unrecorded;
  const shown = differences.slice(0, SHOWN);
  const more = differences.length - shown.length + omitted;
  const seconds = durationMs === null ? '' : ` in ${(durationMs / 1_000).toFixed(1)} s`;
  const lines = [
    ...notes.map((note) => `note       ${note}`),
    ...shown.map(describeDifference),
    ...(more > 0 ? [`           and ${more} more`] : []),
  ];
  if (state !== 'done') return [...lines, `${program}: ${state}${error === null ? '' : `: ${error}`} (run ${id})`];
  const found = wrong === 0 ? 'nothing wrong' : describeWrong({ missing, drifted, orphaned, unrecorded });
  lines.push(
    `${program}: ${documents} documents and ${accounts} accounts${scope === 'changes' ? ' (what changed, and a share of the rest)' : ''}: ${found}${seconds}`,
  );
  if (counts.recovered > 0) lines.push(`  ${counts.recovered} transactions that the ledger lacked were taken in`);
  if (counts.repaired + counts.left > 0) {
    lines.push(
      `  ${counts.repaired} put right${counts.left > 0 ? `, ${counts.left} not yet: is a worker running?` : ''}`,
    );
  }
  if (orphaned > 0) {
    const open = orphaned - marked;
    lines.push(
      `  ${marked} orphans marked and kept: \`npm run cleanup-orphaned\` lists them` +
        (open > 0 ? `; ${open} could not be confirmed and stay as they are` : ''),
    );
  }
  if (unsettled > 0) lines.push(`  ${unsettled} kept changing: the next pass looks at them again`);
  lines.push(`  cost: ${cost.requests} RPC requests, ${cost.credits} credits (run ${id})`);
  return lines;
}

function describeWrong(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ');
}

function describeDifference({ collection, key, kind, fields, reason }: RunDifference): string {
  const place = `${collection}/${key}`;
  const changes = fields
    .map(({ field, before, after }) => `${field} was ${show(before)}, is ${show(after)}`)
    .join('; ');
  const why = reason === undefined ? '' : ` (${REASONS[reason] ?? reason})`;
  return `${kind.padEnd(10)} ${place}${changes === '' ? '' : `: ${changes}`}${why}`;
}

function show(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
