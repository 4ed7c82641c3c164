/** Requests that have to be sent one after another stand in line; each line by itself. */
export class TurnLines {
  readonly #lines = new Map<string, string[]>();

  /** Whether it is the turn of `id`; else it is put in line. */
  take(turn: string, id: string): boolean {
    const line = this.#lines.get(turn) ?? [];
    if (!line.includes(id)) line.push(id);
    this.#lines.set(turn, line);
    return line[0] === id;
  }

  /** Takes `id` out of its line; whose turn it is then, if that was at its head. */
  leave(turn: string, id: string): string | undefined {
    const line = this.#lines.get(turn) ?? [];
    const wasFirst = line[0] === id;
    const rest = line.filter((other) => other !== id);
    if (rest.length === 0) this.#lines.delete(turn);
    else this.#lines.set(turn, rest);
    return wasFirst ? rest[0] : undefined;
  }
}
