/**
 * The slot up to which a program's events are final and complete: as far as everything was scanned (I4), and before the
 * oldest event that is not decided, in a slot after `stable`. Null when it is not beyond `stable`, where it is now (null:
 * nowhere yet): it never goes back.
 */
export function judgeStable(stable: number | null, frontier: number, undecided: number | null): number | null {
  const slot = undecided === null ? frontier : Math.min(frontier, undecided - 1);
  return stable !== null && slot <= stable ? null : slot;
}
