import { Router } from 'express';
import type { OpenApiDocument } from '../openapi.js';
import { DOCS_STYLE, docsPage } from '../docs-page.js';
import type { ExamplePage } from './example-routes.js';

/** `/openapi.json`, and `/docs`: the same for people, without anything from elsewhere. Both `/docs` and `/` name the `pages`. */
export function openApiRoutes(document: OpenApiDocument, pages: readonly Omit<ExamplePage, 'handler'>[]): Router {
  const page = docsPage(document, pages);
  const links = Object.fromEntries(pages.map(({ path, title }) => [title, `${path}/`]));
  const router = Router();
  router.get('/', (_request, response) => {
    const { title, version } = document.info;
    response.json({ name: title, version, docs: '/docs', openapi: '/openapi.json', status: '/api/status', ...links });
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
