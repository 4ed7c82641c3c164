import { Router } from 'express';
import type { Action, ActionContext } from '../../domain-kit/action.js';
import { Problem } from '../problem.js';
import { jsonBody, validated } from '../request-validation.js';

/** A route for every action of that method. */
export function actionRoutes(actions: readonly Action[], method: Action['method'], context: ActionContext): Router {
  const router = Router();
  for (const action of actions.filter((one) => one.method === method)) {
    router[method](action.path, async (request, response) => {
      const params = validated(action.params, request.params);
      const query = validated(action.query, request.query);
      const body = method === 'get' ? {} : validated(action.body, jsonBody(request));
      const answer = await action.run({ params, query, body } as never, context);
      if (answer === null) {
        throw new Problem('not-found', `Nothing is known here of ${Object.values(params).join(', ')}.`);
      }
      response.status(action.status).json(answer);
    });
  }
  return router;
}
