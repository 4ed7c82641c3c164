import type { Finding, Judgement } from './finding.js';

/** Why something could not be read. */
export interface Failure {
  /** Stable, where who failed gave one: `timeout`, `unreachable`, `database-unreachable`, … */
  readonly reason: string | null;
  readonly message: string;
}

/** A question to the system that stands by itself: what it finds depends on no other one having been answered. */
export interface Check extends Pick<Finding, 'id' | 'group' | 'subject' | 'checked'> {
  /** Keys (`keyOf`) of checks listed before, without which this one would only say the same: all of these. */
  readonly needs?: readonly string[];
  /** And at least one of these. */
  readonly needsOneOf?: readonly string[];
  /** Milliseconds until it counts as not answered. */
  readonly limitMs: number;
  /** Reads and judges; null: there is nothing to say. */
  readonly look: () => Promise<Judgement | null>;
  /** What it means that `look` threw or took too long. */
  readonly whenUnread: (failure: Failure) => Judgement;
}

/** What other checks name this one by. */
export function keyOf({ id, subject }: Pick<Finding, 'id' | 'subject'>): string {
  return subject === null ? id : `${id} ${subject}`;
}
