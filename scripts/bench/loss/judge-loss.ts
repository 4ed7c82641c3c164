/** An event that landed, as the chain's own history tells it. */
export interface TrueEvent {
  readonly signature: string;
  /** Name and data (event-key.ts). */
  readonly key: string;
  readonly slot: number;
  /** Index of the phase it was sent in. */
  readonly phase: number;
  /** Whether the phase's fault was still there when it landed: these are waited for in `recoveredSeconds`. */
  readonly isDuringFault: boolean;
}

/** An event as a contestant was given it. */
export interface SeenEvent {
  readonly signature: string;
  readonly key: string;
  readonly slot: number;
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Index of the phase then: where an event belongs that never happened. */
  readonly phase: number;
}

/** What became of the events of one phase. */
export interface LossCounts {
  readonly sent: number;
  /** Events that landed and were given, each counted once. */
  readonly received: number;
  readonly lost: number;
  /** Given again, though landed once. */
  readonly doubled: number;
  /** Given, but nothing landed with this name and data in that transaction. */
  readonly false: number;
  /** From the fault's end to the last of the events that landed before it; never: not all of them came. */
  readonly recoveredSeconds: number | 'never';
}

/**
 * Compares what was given with what landed, phase by phase. The slot an event was announced with counts only with
 * `exactSlots`: without, what landed elsewhere with the same data is the event itself.
 */
export function judgeLoss(
  truth: readonly TrueEvent[],
  seen: readonly SeenEvent[],
  phases: readonly { readonly faultEndedAtMs: number }[],
  { exactSlots }: { readonly exactSlots: boolean },
): LossCounts[] {
  const idOf = ({ signature, key, slot }: TrueEvent | SeenEvent) =>
    [signature, ...(exactSlots ? [slot] : []), key].join(' ');
  const phaseOf = new Map(truth.map(({ signature, phase }) => [signature, phase]));
  const given = new Map<string, SeenEvent[]>();
  for (const event of seen) given.set(idOf(event), [...(given.get(idOf(event)) ?? []), event]);
  for (const events of given.values()) events.sort((one, other) => one.atMs - other.atMs);

  const counts = phases.map(() => ({ sent: 0, received: 0, doubled: 0, false: 0, lateMs: 0 }));
  for (const event of truth) {
    const count = counts[event.phase];
    if (!count) continue;
    count.sent += 1;
    // Two events of a transaction may be equal: each takes one of what was given.
    const first = given.get(idOf(event))?.shift();
    if (first) count.received += 1;
    if (!event.isDuringFault) continue;
    const lateMs = first ? first.atMs - (phases[event.phase]?.faultEndedAtMs ?? 0) : Number.POSITIVE_INFINITY;
    count.lateMs = Math.max(count.lateMs, lateMs);
  }
  const landed = new Set(truth.map(idOf));
  for (const [id, left] of given) {
    for (const event of left) {
      const count = counts[phaseOf.get(event.signature) ?? event.phase];
      if (count) count[landed.has(id) ? 'doubled' : 'false'] += 1;
    }
  }
  return counts.map(({ lateMs, ...count }) => ({
    ...count,
    lost: count.sent - count.received,
    recoveredSeconds: Number.isFinite(lateMs) ? Math.round(lateMs / 100) / 10 : 'never',
  }));
}
