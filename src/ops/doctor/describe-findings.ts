import type { Finding, Group, Status } from './finding.js';
import type { Verdict } from './verdict.js';

/** How a text is painted: by the status it speaks of, or as a heading or an aside. */
export type Paint = (as: Status | 'heading' | 'aside', text: string) => string;

/** No colours. */
export const plain: Paint = (_, text) => text;

const MARK: Readonly<Record<Status, string>> = { ok: 'ok  ', warn: 'warn', fail: 'FAIL', skipped: 'skip' };
/** Where advice begins: below the first word after the mark. */
const ADVICE_INDENT = '         ';

/**
 * The findings of one group under its name, in columns: what was looked at, what was found, and below it what to do.
 * Lines that were skipped for one and the same reason are one.
 */
export function describeGroup(group: Group, findings: readonly Finding[], paint: Paint): string[] {
  const lines = joinSkipped(findings);
  const widest = (texts: readonly string[]) => Math.max(0, ...texts.map((text) => text.length));
  const subjects = widest(lines.map(({ subject }) => subject ?? ''));
  const checked = widest(lines.map((line) => line.checked));
  return [
    paint('heading', `${group.slice(0, 1).toUpperCase()}${group.slice(1)}`),
    ...lines.flatMap((line) => {
      const about = subjects === 0 ? '' : `${(line.subject ?? '').padEnd(subjects)}  `;
      const said = `  ${paint(line.status, MARK[line.status])}  ${about}${line.checked.padEnd(checked)}  ${line.found}`;
      return line.advice === null ? [said] : [said, `${ADVICE_INDENT}${paint('aside', '→')} ${line.advice}`];
    }),
  ];
}

/** What follows from one failure is not to hide it. */
function joinSkipped(findings: readonly Finding[]): Finding[] {
  const lines: Finding[] = [];
  const counts = new Map<Finding, string[]>();
  for (const finding of findings) {
    const before = lines.at(-1);
    const isSame =
      finding.status === 'skipped' &&
      before?.status === 'skipped' &&
      before.found === finding.found &&
      before.subject === finding.subject;
    if (isSame) counts.get(before)?.push(finding.checked);
    else {
      lines.push(finding);
      counts.set(finding, [finding.checked]);
    }
  }
  return lines.map((line) => {
    const names = counts.get(line) ?? [];
    if (names.length === 1) return line;
    return { ...line, checked: `${names.length} more`, found: `${line.found} (${names.join(', ')})` };
  });
}

/** The last lines for people. */
export function describeVerdict({ counts, status }: Verdict, paint: Paint): string[] {
  const { ok, warn, fail, skipped } = counts;
  const total = ok + warn + fail + skipped;
  const parts = [`${ok} ok`, `${warn} to look at`, `${fail} failing`, ...(skipped > 0 ? [`${skipped} skipped`] : [])];
  const lines = [paint(status, `${total} checks: ${parts.join(', ')}`)];
  return status === 'ok' ? lines : [...lines, 'By symptom: docs/troubleshooting.md'];
}
