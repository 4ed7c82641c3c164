import { Router } from 'express';
import type { OpenApiDocument } from '../openapi.js';
import { DOCS_STYLE, docsPage } from '../docs-page.js';

/** `/openapi.json`, and `/docs`: the same for people, without anything from elsewhere. */
export function openApiRoutes(document: OpenApiDocument): Router {
  const page = docsPage(document);
  const router = Router();
  router.get('/', (_request, response) => {
    const { title, version } = document.info;
    response.json({ name: title, version, docs: '/docs', openapi: '/openapi.json', status: '/api/status' });
  });
  router.get('/openapi.json', (_request, response) => {
    response.json(document);
  });
  router.get('/docs', (_request, response) => {
    response.type('html').send(page);
  });
  router.get('/docs/style.css', (_request, response) => {
    response.type('css').send(DOCS_STYLE);
  });
  return router;
}
