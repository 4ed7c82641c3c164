import { Router } from 'express';
import { Problem, PROBLEMS, type ProblemCode } from '../problem.js';

/** `/problems/<code>`: what the `type` of a problem answer means. */
export function problemRoutes(): Router {
  const router = Router();
  const view = (code: ProblemCode) => {
    const [status, title, explanation] = PROBLEMS[code];
    return { type: `/problems/${code}`, code, status, title, explanation };
  };
  router.get('/problems', (_request, response) => {
    response.json({ items: (Object.keys(PROBLEMS) as ProblemCode[]).map(view) });
  });
  router.get('/problems/:code', (request, response) => {
    const { code } = request.params;
    if (!Object.hasOwn(PROBLEMS, code)) throw new Problem('not-found', `There is no problem with the code ${code}.`);
    response.json(view(code as ProblemCode));
  });
  return router;
}
