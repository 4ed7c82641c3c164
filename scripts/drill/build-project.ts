import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { packageRoot } from '../../src/dev/package-root.js';
import { MooringError } from '../../src/lib/errors.js';

/** Does what `npm run build` does: brings `dist` up to date. Throws MooringError `build-failed` with what tsc says. */
export function buildProject(): Promise<void> {
  const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: packageRoot() }, (error, stdout) => {
      if (error) reject(new MooringError('build-failed', `The build failed: ${stdout.trim() || error.message}`));
      else resolve();
    });
  });
}
