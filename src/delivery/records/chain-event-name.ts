/** The name under which an event of a program is told. */
export function chainEventName(program: string, event: string): string {
  return `${program}.${event}`;
}

/** Whose event this name is, among these programs; undefined: none of theirs. */
export function programOf(name: string, programs: readonly string[]): string | undefined {
  return programs.find((program) => name.startsWith(chainEventName(program, '')));
}
