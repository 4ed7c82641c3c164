import type { AccountTexts, ChainEffect } from './chain-effects.js';
import type { PlannedWrite } from './planned-writes.js';
import type { FinalAnswer } from './write-client.js';

/** A write and what its clients were told at last: one answer for each request with its key. */
export interface AnsweredWrite {
  readonly write: PlannedWrite;
  readonly answers: readonly FinalAnswer[];
}

/** Where answers and chain disagree, by key or signature. Empty lists everywhere: each write had the effect it was said to have. */
export interface WriteJudgement {
  readonly landed: number;
  readonly refused: number;
  /** Clients of one key were told different things. */
  readonly differentAnswers: readonly string[];
  /** Said to have landed, and not on chain. */
  readonly missing: readonly string[];
  /** On chain more often than once. */
  readonly doubled: readonly string[];
  /** Said to be refused, and on chain. */
  readonly unwanted: readonly string[];
  /** On chain, and of no key: an effect that nobody asked for. */
  readonly unclaimed: readonly string[];
  /** Promotions on chain that have the id of another one of their merchant. */
  readonly duplicateIds: readonly string[];
  /** Refused although nothing is wrong with it, with the reason: allowed where somebody else was faster. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** Compares what clients were told with what is on chain: `before` are effects of the preparations. */
export function judgeWrites(
  answered: readonly AnsweredWrite[],
  effects: readonly ChainEffect[],
  accounts: AccountTexts,
  before: ReadonlySet<string>,
): WriteJudgement {
  const later = effects.filter(({ signature }) => !before.has(signature));
  const claimed = new Set<string>();
  const found = { differentAnswers: [] as string[], missing: [] as string[], doubled: [] as string[] };
  const unwanted: string[] = [];
  const reasons: Record<string, number> = {};
  let [landed, refused] = [0, 0];
  for (const { write, answers } of answered) {
    const { key, kind } = write;
    const [first] = answers;
    if (!first || answers.some((answer) => !isSame(answer, first))) found.differentAnswers.push(key);
    if (!first) continue;
    const said = first.kind === 'landed' ? first.signature : null;
    const own = later.filter(({ signature, text }) => signature === said || text === key);
    for (const { signature } of own) claimed.add(signature);
    if (first.kind === 'refused') {
      refused += 1;
      reasons[first.reason] = (reasons[first.reason] ?? 0) + 1;
      if (own.length > 0) unwanted.push(key);
      continue;
    }
    landed += 1;
    const standing =
      kind === 'promotion'
        ? accounts.promotions.filter(({ title }) => title === key).length
        : kind === 'comment'
          ? accounts.comments.filter((text) => text === key).length
          : own.length;
    const isRight = own.some(({ signature, kind: done }) => signature === said && done === kind);
    if (!isRight || standing === 0) found.missing.push(key);
    if (own.length > 1 || standing > 1) found.doubled.push(key);
  }
  return {
    ...{ landed, refused, ...found, unwanted, reasons },
    unclaimed: later.filter(({ signature }) => !claimed.has(signature)).map(({ signature }) => signature),
    duplicateIds: repeated(accounts.promotions.map(({ id }) => id)),
  };
}

/** Whether every write had the effect it was said to have. */
export function isRight(judgement: WriteJudgement): boolean {
  const { differentAnswers, missing, doubled, unwanted, unclaimed, duplicateIds } = judgement;
  return [differentAnswers, missing, doubled, unwanted, unclaimed, duplicateIds].every(({ length }) => length === 0);
}

function isSame(one: FinalAnswer, other: FinalAnswer): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function repeated(ids: readonly string[]): string[] {
  return [...new Set(ids.filter((id, place) => ids.indexOf(id) !== place))];
}
