/** One event as a handler sees it. Nothing here depends on the door it came through. */
export interface ProgramEvent<Name extends string = string, Data = unknown> {
  readonly id: string;
  readonly name: Name;
  readonly signature: string;
  readonly slot: number;
  readonly data: Data;
}
