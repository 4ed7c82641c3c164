import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import type { Clock } from '../lib/clock.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';

const REQUEST_ID = /^[\w.-]{1,64}$/;

/** Gives each request an id, taken from `X-Request-Id` where a proxy set one, and notes how it ended. */
export function accessLog(log: Log, metrics: Metrics, clock: Pick<Clock, 'monotonic'>): RequestHandler {
  return (request, response, next) => {
    const startedAt = clock.monotonic();
    const given = request.get('x-request-id');
    const requestId = given !== undefined && REQUEST_ID.test(given) ? given : randomUUID();
    response.locals.requestId = requestId;
    response.setHeader('X-Request-Id', requestId);
    response.on('close', () => {
      const ms = clock.monotonic() - startedAt;
      const { method } = request;
      // Not request.path: within a router it lacks where that is mounted. The query stays out of the log.
      const [path] = request.originalUrl.split('?', 1);
      // The pattern, not the path: every address would be a series of its own. A client that left has no status.
      const route = routeOf(request.baseUrl, request.route);
      const status = response.writableFinished ? response.statusCode : 499;
      metrics.httpRequestSeconds.observe({ method, route, status }, ms / 1_000);
      log.info({ requestId, method, path, status, ms: Math.round(ms) }, 'request');
    });
    next();
  };
}

function routeOf(base: string, route: unknown): string {
  const path = (route as { path?: unknown } | undefined)?.path;
  return typeof path === 'string' ? `${base}${path}` : 'none';
}
