import { fileURLToPath } from 'node:url';

/**
 * The directory of the project, seen from `src/dev` and from `dist/src/dev` alike. Not found by looking for a
 * package.json: the build copies it into `dist`, because its version is imported.
 */
export function packageRoot(): string {
  const isBuilt = import.meta.url.endsWith('.js');
  return fileURLToPath(new URL(isBuilt ? '../../..' : '../..', import.meta.url)).replace(/[/\\]$/, '');
}
