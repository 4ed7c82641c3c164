import { Router } from 'express';
import type { mongo } from 'mongoose';
import type { ReadRoute } from '../../domain-kit/routes.js';
import { readListQuery } from '../list-query.js';
import { Problem } from '../problem.js';
import { readDocument, readPage } from '../read-documents.js';

/** `GET /<collection>` and `GET /<collection>/<key>` for every collection a domain serves. */
export function documentRoutes(db: mongo.Db, reads: readonly ReadRoute[]): Router {
  const router = Router();
  for (const { path, model } of reads) {
    router.get(path, async (request, response) => {
      response.json(await readPage(db, model, readListQuery(model, request.query)));
    });
    const single = async (key: string) => {
      const document = await readDocument(db, model, key);
      if (document) return document;
      const what = model.kind === 'state' ? 'address' : 'id';
      throw new Problem('not-found', `There is no document in ${model.collection} with the ${what} ${key}.`);
    };
    // The id of a fact is an event id, which has slashes; they may come encoded or as they are.
    router.get(`${path}/*key`, async (request, response) => {
      response.json(await single(wildcard(request.params.key)));
    });
  }
  return router;
}

/** What an Express wildcard matched, as one text. */
export function wildcard(segments: string | readonly string[] | undefined): string {
  return typeof segments === 'string' ? segments : (segments ?? []).join('/');
}
