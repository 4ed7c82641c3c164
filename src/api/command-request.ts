import type { Request } from 'express';
import type { Command } from '../domain-kit/command.js';
import { idempotencyKey, jsonBody, validated } from './request-validation.js';

/** A request for a command, checked. */
export interface CommandRequest {
  readonly input: { readonly params: Readonly<Record<string, string>>; readonly body: unknown };
  /** What it is stored with. */
  readonly facts: {
    readonly key?: string;
    readonly command: string;
    readonly identity: { readonly params: unknown; readonly body: unknown };
    readonly races: readonly string[];
  };
}

/** Reads one. @throws Problem that names every wrong field. */
export function readCommandRequest(command: Command, request: Request): CommandRequest {
  const params = validated(command.params, request.params);
  const rawBody = jsonBody(request);
  const body = validated(command.body, rawBody);
  const key = idempotencyKey(request);
  return {
    input: { params, body },
    facts: {
      ...(key === undefined ? {} : { key }),
      command: command.name,
      // As it was sent: a default that changes between releases does not make it another request.
      identity: { params, body: rawBody },
      races: command.races(body as never),
    },
  };
}
