import { fileURLToPath } from 'node:url';

/**
 * What Node is given to run another file of this project, named without its ending as seen from the calling file
 * (`import.meta.url`): what is built runs what is built, a source runs the source through tsx. From any directory.
 */
export function nodeArguments(path: string, callingFile: string): string[] {
  const isBuilt = callingFile.endsWith('.js');
  const file = fileURLToPath(new URL(`${path}${isBuilt ? '.js' : '.ts'}`, callingFile));
  return isBuilt ? [file] : ['--import', import.meta.resolve('tsx'), file];
}
