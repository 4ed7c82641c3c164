import type { Request, RequestHandler } from 'express';
import type { ApiKey, ApiKeys, Scope } from './api-keys.js';
import { DEFAULT_ENVIRONMENT_ID } from '../delivery/environments/environment.js';
import { Problem } from './problem.js';

const NO_KEY_SENT =
  'The request carries no API key. Send `Authorization: Bearer mk_…` or `X-Api-Key: mk_…`; `npm run api-key -- create` makes one.';

/** Lets a request pass only with a key that has the scope. */
export function requireScope(keys: Pick<ApiKeys, 'verify'>, scope: Scope): RequestHandler {
  return async (request, response, next) => {
    const token = presentedToken(request);
    const key = token === undefined ? null : await keys.verify(token);
    if (!key) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="mooring"');
      const detail = token === undefined ? NO_KEY_SENT : 'The API key is unknown or revoked.';
      throw new Problem('unauthenticated', detail);
    }
    if (!key.scopes.includes(scope)) throw new Problem('forbidden', `The key "${key.name}" has no "${scope}" scope.`);
    response.locals.apiKey = key;
    next();
  };
}

/** Lets a request pass that has shown its key already, or has one that may read. */
export function requireKey(keys: Pick<ApiKeys, 'verify'>): RequestHandler {
  const forReads = requireScope(keys, 'read');
  return (request, response, next) =>
    response.locals.apiKey === undefined ? forReads(request, response, next) : next();
}

/** Refuses keys of other environments than the default one: those speak of events, and have no say over chain and signers. */
export const requireDefaultEnvironment: RequestHandler = (_request, response, next) => {
  const key = response.locals.apiKey as ApiKey | undefined;
  if (key && key.environment !== DEFAULT_ENVIRONMENT_ID) {
    const detail = `The key "${key.name}" is of an environment of its own: it may send events and hear of them. This takes a key of the default environment.`;
    throw new Problem('forbidden', detail);
  }
  next();
};

/** The key of a request that `requireScope` let pass. */
export function apiKeyOf(locals: Record<string, unknown>): ApiKey {
  if (locals.apiKey === undefined) throw new Error('this route is not behind requireScope');
  return locals.apiKey as ApiKey;
}

/** The environment that a request sees and changes: that of its key. */
export function environmentOf(locals: Record<string, unknown>): string {
  return apiKeyOf(locals).environment;
}

function presentedToken(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.get('authorization') ?? '');
  return bearer?.[1] ?? request.get('x-api-key');
}
