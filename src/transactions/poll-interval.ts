/** A slot takes 400 ms and is confirmed about one later: whoever waits for a write should not wait for the poll as well. */
const EAGER = { untilMs: 2_000, everyMs: 75 } as const;
/** Later it waits for a leader that has room for it. */
const STEADY = { untilMs: 30_000, everyMs: 250 } as const;
/** By now it has probably expired: the proof of that takes a minute, nobody waits for it. */
const PATIENT_EVERY_MS = 1_000;

/** How long to wait before the next look at a transaction that has been followed for `followedMs`, in milliseconds. */
export function pollIntervalMs(followedMs: number): number {
  if (followedMs < EAGER.untilMs) return EAGER.everyMs;
  return followedMs < STEADY.untilMs ? STEADY.everyMs : PATIENT_EVERY_MS;
}
