import { inspect } from 'node:util';

const SHOWN = '[redacted]';

/** A text that must not reach a log, an error or an answer: everything that prints it prints `[redacted]`. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret itself. Call it where it is used, not before. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return SHOWN;
  }

  toJSON(): string {
    return SHOWN;
  }

  [inspect.custom](): string {
    return SHOWN;
  }
}

/**
 * A URL as it may be shown: scheme, host and port. User info, path and query go, because that is where RPC providers
 * and databases put their keys and passwords.
 */
export function shownUrl(url: string): string {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)(?:[^/?#]*@)?([^/?#]*)/i.exec(url);
  return match ? `${match[1]}${match[2]}` : SHOWN;
}
