import { readDocumentTrail, type DocumentTrail, type TrailQuery } from '../reconcile/document-trail.js';
import type { Foundation } from './foundation.js';

/** Reads the trails of documents of whatever installed program has the collection. */
export function createTrailReading({
  mongo,
  modules,
}: Foundation): (collection: string, key: string, query: TrailQuery) => Promise<DocumentTrail | null> {
  return async (collection, key, query) => {
    for (const { module } of modules) {
      const model = module.models.find((one) => one.collection === collection);
      if (model) return readDocumentTrail(mongo.db, module, model, key, query);
    }
    return null;
  };
}
