/**
 * ok: as it should be. warn: it works, and somebody should look at it. fail: something that is needed does not work.
 * skipped: it was not looked at, because what it needs failed, or there is nothing to look at yet.
 */
export type Status = 'ok' | 'warn' | 'fail' | 'skipped';

/** What a check came to, in words for people. */
export interface Judgement {
  readonly status: Status;
  readonly found: string;
  /** The command, the variable or the section of the documents that helps; null where nothing is to be done. */
  readonly advice: string | null;
}

/** Parts of the system, in the order in which they are shown. */
export const GROUPS = [
  'environment',
  'chain',
  'programs',
  'database',
  'worker',
  'records',
  'outbox',
  'deliveries',
  'reconcile',
  'alerts',
  'signers',
] as const;
export type Group = (typeof GROUPS)[number];

/** One line of the doctor. */
export interface Finding extends Judgement {
  /** Stable, such as `database.indexes`: what a script looks for. */
  readonly id: string;
  readonly group: Group;
  /** The endpoint or program it is about; null where there is only one of it. */
  readonly subject: string | null;
  readonly checked: string;
}

/** All is well here. */
export function ok(found: string): Judgement {
  return { status: 'ok', found, advice: null };
}

/** It works; somebody should look. */
export function warn(found: string, advice: string): Judgement {
  return { status: 'warn', found, advice };
}

/** It does not work. */
export function fail(found: string, advice: string): Judgement {
  return { status: 'fail', found, advice };
}

/** It was not looked at. */
export function skipped(found: string, advice: string | null = null): Judgement {
  return { status: 'skipped', found, advice };
}
