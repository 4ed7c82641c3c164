import type { Clock } from '../../lib/clock.js';
import { messageOf } from '../../lib/errors.js';
import { keyOf, type Check, type Failure } from './check.js';
import { skipped, type Finding, type Judgement } from './finding.js';

/**
 * Makes all checks at once, each within its own time. The promises are in the order of the checks and never reject;
 * null: that check has nothing to say. `clean` takes secrets out of what is said.
 */
export function runChecks(
  checks: readonly Check[],
  clock: Clock,
  clean: (text: string) => string,
): readonly Promise<Finding | null>[] {
  const running = new Map<string, Promise<Finding | null>>();
  return checks.map((check) => {
    const needed = (keys: readonly string[] = []) =>
      keys.map((key) => {
        const result = running.get(key);
        if (!result) throw new RangeError(`${keyOf(check)} needs ${key}, which is not listed before it`);
        return result;
      });
    const finding = makeCheck(check, needed(check.needs), needed(check.needsOneOf), clock, clean);
    running.set(keyOf(check), finding);
    return finding;
  });
}

async function makeCheck(
  check: Check,
  needs: readonly Promise<Finding | null>[],
  needsOneOf: readonly Promise<Finding | null>[],
  clock: Clock,
  clean: (text: string) => string,
): Promise<Finding | null> {
  const { id, group, subject, checked } = check;
  const judgement = (await reasonToSkip(needs, needsOneOf)) ?? (await lookInTime(check, clock));
  if (judgement === null) return null;
  const { status, found, advice } = judgement;
  return { id, group, subject, checked, status, found: clean(found), advice: advice === null ? null : clean(advice) };
}

async function reasonToSkip(
  needs: readonly Promise<Finding | null>[],
  needsOneOf: readonly Promise<Finding | null>[],
): Promise<Judgement | null> {
  for (const finding of await Promise.all(needs)) {
    if (isMissing(finding)) return withoutWhat(finding, [finding]);
  }
  const alternatives = (await Promise.all(needsOneOf)).filter((finding) => finding !== null);
  const [first] = alternatives;
  return first && alternatives.length === needsOneOf.length && alternatives.every(isMissing)
    ? withoutWhat(first, alternatives)
    : null;
}

/** What is skipped itself passes its reason on: the one that failed is what is to be seen to. */
function withoutWhat(first: Finding, all: readonly Finding[]): Judgement {
  if (first.status === 'skipped') return skipped(first.found);
  const whose = all.map(({ subject, group }) => subject ?? `the ${group}`);
  return skipped(`not looked at: it needs "${first.checked}" of ${whose.join(' or ')}`);
}

function isMissing(finding: Finding | null): finding is Finding {
  return finding?.status === 'fail' || finding?.status === 'skipped';
}

async function lookInTime(check: Check, clock: Clock): Promise<Judgement | null> {
  const { limitMs, look, whenUnread } = check;
  const answered = new AbortController();
  const limit = clock.sleep(limitMs, answered.signal).then((): Failure => ({
    reason: 'timeout',
    message: `no answer within ${limitMs / 1_000} s`,
  }));
  try {
    const looked = look().then(
      (judgement) => ({ judgement }),
      (error: unknown) => ({ failure: failureOf(error) }),
    );
    const first = await Promise.race([looked, limit.then((failure) => ({ failure }))]);
    return 'failure' in first ? whenUnread(first.failure) : first.judgement;
  } finally {
    answered.abort();
  }
}

/** Errors of ours carry a stable reason or code; what a library or the machine throws may carry a code too. */
function failureOf(error: unknown): Failure {
  const { reason, code } = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>;
  const stable = [reason, code].find((one) => typeof one === 'string');
  return { reason: typeof stable === 'string' ? stable : null, message: messageOf(error) };
}
