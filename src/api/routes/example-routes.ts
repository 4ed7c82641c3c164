import { join } from 'node:path';
import express, { type RequestHandler } from 'express';

/** A page with its files, below a path of its own. `title` is what links to it say. */
export interface ExamplePage {
  readonly path: string;
  readonly title: string;
  readonly handler: RequestHandler;
}

/** The example pages, as plain files: they say nothing that the API does not, and need a key where it does. */
export function exampleRoutes(root: string): ExamplePage {
  const directory = join(root, 'docs', 'examples', 'red-packet-live');
  return { path: '/examples/red-packet-live', title: 'red packets, live', handler: express.static(directory) };
}
