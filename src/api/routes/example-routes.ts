import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

/** The example pages, as plain files: they say nothing that the API does not, and need a key where it does. */
export function exampleRoutes(root: string): { readonly path: string; readonly handler: RequestHandler } {
  const directory = join(root, 'docs', 'examples', 'red-packet-live');
  return { path: '/examples/red-packet-live', handler: express.static(directory) };
}
