import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const depcruise = join(root, 'node_modules/.bin/depcruise');
const config = join(root, '.dependency-cruiser.mjs');

interface Cruise {
  readonly modules: readonly { readonly source: string }[];
  readonly summary: { readonly violations: readonly { readonly rule: { readonly name: string } }[] };
}

async function cruise(cwd: string, ...folders: string[]): Promise<Cruise> {
  const { stdout } = await run(depcruise, ['--config', config, '--output-type', 'json', ...folders], {
    cwd,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout: string }) => error);
  return JSON.parse(stdout) as Cruise;
}

describe('import directions', () => {
  let forbidden: string;

  beforeAll(async () => {
    forbidden = await mkdtemp(join(tmpdir(), 'mooring-layers-'));
    await writeFile(join(forbidden, 'tsconfig.json'), '{"compilerOptions": {"module": "NodeNext"}}');
    await symlink(join(root, 'node_modules'), join(forbidden, 'node_modules'));
    const files = {
      'src/lib/low.ts': "import '../store/high.js';\n",
      'src/store/high.ts': 'export const high = 1;\n',
      'src/domains/one/module.ts': "import '../two/module.js';\n",
      'src/domains/two/module.ts': 'export const two = 2;\n',
      'src/pipeline/wired.ts': "import '../app/compose.js';\n",
      'src/app/compose.ts': 'export const compose = 3;\n',
      'src/surprise/undeclared.ts': "import '../store/high.js';\n",
    };
    for (const [file, text] of Object.entries(files)) {
      await mkdir(join(forbidden, file, '..'), { recursive: true });
      await writeFile(join(forbidden, file), text);
    }
  });

  afterAll(() => rm(forbidden, { recursive: true }));

  it('hold in this project, and the check has read every module of src', async () => {
    const { modules, summary } = await cruise(root, 'src', 'workers', 'scripts');
    const files = await readdir(join(root, 'src'), { recursive: true });
    const sources = new Set(modules.map(({ source }) => source));
    const unread = files.filter((file) => file.endsWith('.ts') && !sources.has(`src/${file}`));
    expect(unread).toEqual([]);
    expect(modules.length).toBeGreaterThan(100);
    expect(summary.violations).toEqual([]);
  });

  it('fail on a forbidden import', async () => {
    const { summary } = await cruise(forbidden, 'src');
    const rules = summary.violations.map(({ rule }) => rule.name);
    expect(rules).toEqual(
      expect.arrayContaining([
        'layer-lib',
        'domains-do-not-know-each-other',
        'only-app-and-scripts-wire',
        'every-layer-is-declared',
      ]),
    );
  });
});
