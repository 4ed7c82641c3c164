const MS_PER_SECOND = 1_000;
const SECONDS_PER_MINUTE = 60;
const MINUTES_PER_HOUR = 60;
const HOURS_PER_DAY = 24;
/** Counted in a unit up to this many: "90 s" says more than "1 min". */
const MOST_OF_A_UNIT = 2;

/** A time span for people, in one unit: `0.4 s`, `12 s`, `5 min`, `3 h`, `4 days`. */
export function span(ms: number): string {
  const seconds = Math.max(0, ms) / MS_PER_SECOND;
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < MOST_OF_A_UNIT * SECONDS_PER_MINUTE) return `${Math.round(seconds)} s`;
  const minutes = seconds / SECONDS_PER_MINUTE;
  if (minutes < MOST_OF_A_UNIT * MINUTES_PER_HOUR) return `${Math.round(minutes)} min`;
  const hours = minutes / MINUTES_PER_HOUR;
  if (hours < MOST_OF_A_UNIT * HOURS_PER_DAY) return `${Math.round(hours)} h`;
  return `${Math.round(hours / HOURS_PER_DAY)} days`;
}

/** `1 letter`, `2 letters`; `many` where that is no plural: `2 deliveries`. */
export function counted(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}

/** Names of a list that may be long. */
export function listed(names: readonly string[], most = 6): string {
  if (names.length <= most) return names.join(', ');
  return `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
