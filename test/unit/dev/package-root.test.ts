import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { nodeArguments, runBuiltCopies } from '../../../src/dev/node-arguments.js';
import { packageRoot } from '../../../src/dev/package-root.js';

it('finds the folder of the project, without a slash at its end', () => {
  const root = packageRoot();
  expect(root).toBe(join(root));
  expect(root.endsWith('/')).toBe(false);
  expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).toMatchObject({ name: 'mooring' });
});

it('runs a source through tsx and a built file as it is', () => {
  const caller = (file: string) => pathToFileURL(`/project/${file}`).href;
  expect(nodeArguments('../../workers/api', caller('scripts/drill/worker-child.ts'))).toEqual([
    '--import',
    expect.stringMatching(/^file:.*tsx/),
    '/project/workers/api.ts',
  ]);
  expect(nodeArguments('../../workers/api', caller('dist/scripts/drill/worker-child.js'))).toEqual([
    '/project/dist/workers/api.js',
  ]);
});

it('runs the built copy of a source where there is one', () => {
  runBuiltCopies('/copies');
  try {
    expect(nodeArguments('../../workers/api', import.meta.url.replace('/test/unit/dev/', '/scripts/drill/'))).toEqual([
      '/copies/workers/api.js',
    ]);
  } finally {
    runBuiltCopies(null);
  }
});
