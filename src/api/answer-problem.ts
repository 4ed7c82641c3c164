import type { ErrorRequestHandler, RequestHandler, Response } from 'express';
import { messageOf } from '../lib/errors.js';
import type { Log } from '../lib/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Problem, problemBody } from './problem.js';
import { problemFromError } from './problem-from-error.js';

/** Answers every error as a problem. Only what is our fault is logged as an error. */
export function answerProblem(log: Log, metrics: Metrics): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const problem = problemFromError(error);
    const requestId = String(response.locals.requestId ?? '');
    const fields = { requestId, method: request.method, path: request.path, code: problem.code };
    if (problem.code === 'internal') log.error({ ...fields, err: error }, 'a request failed');
    else if (problem.status >= 500) log.warn({ ...fields, reason: messageOf(error) }, 'a request could not be served');
    if (problem.code === 'database-unreachable') metrics.databaseErrorsTotal.inc({ operation: 'api' });
    // Too late for another answer: Express ends the connection, so that nobody takes half an answer for a whole one.
    if (response.headersSent) next(error);
    else sendProblem(response, problem);
  };
}

/** The answer to a path that nobody serves. */
export const nothingHere: RequestHandler = (request) => {
  throw new Problem('not-found', `Nothing is served at ${request.method} ${request.path}.`);
};

export function sendProblem(response: Response, problem: Problem): void {
  response.status(problem.status).type('application/problem+json');
  response.send(JSON.stringify(problemBody(problem, String(response.locals.requestId ?? ''))));
}
