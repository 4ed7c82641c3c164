import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRoot } from './package-root.js';

let copy: string | null = null;

/** From now on this process runs sources as their copies in this folder, which are built and start in half the time; null: as sources. */
export function runBuiltCopies(folder: string | null): void {
  copy = folder;
}

/**
 * What Node is given to run another file of this project, named without its ending as seen from the calling file
 * (`import.meta.url`): what is built runs what is built, a source runs the source through tsx. From any directory.
 */
export function nodeArguments(path: string, callingFile: string): string[] {
  const isBuilt = callingFile.endsWith('.js');
  const file = fileURLToPath(new URL(path, callingFile));
  if (isBuilt) return [`${file}.js`];
  if (copy !== null) return [`${join(copy, relative(packageRoot(), file))}.js`];
  return ['--import', import.meta.resolve('tsx'), `${file}.ts`];
}
