import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/dev/package-root.js';

const run = promisify(execFile);
const ROOT = packageRoot();
const DOMAINS = `
import { readFileSync } from 'node:fs';
import { defineFact, defineModule, defineRoutes, fact, field, type Idl } from 'mooring';
const idl = JSON.parse(readFileSync(new URL('./idl/shop.json', import.meta.url), 'utf8')) as Idl;
const Opening = defineFact('openings', { name: field.text() });
const shop = defineModule<{ MerchantRegistered: { name: string } }, Record<never, never>>({
  name: 'shop', version: 1, program: { idl }, models: [Opening], accounts: {},
  events: { MerchantRegistered: (event) => [fact(Opening, event, { name: event.data.name })] },
});
export const domains = [defineRoutes(shop)];
`;

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly optionalDependencies: Readonly<Record<string, string>>;
}

/** An application that has nothing but the package, and what the package says it needs. */
let application: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-package-'));
  application = join(folder, 'application');
  const tarball = await pack(join(folder, 'project'));
  const modules = join(application, 'node_modules');
  await mkdir(join(modules, 'mooring'), { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', join(modules, 'mooring'), '--strip-components=1']);
  const { dependencies, optionalDependencies } = JSON.parse(
    await readFile(join(modules, 'mooring', 'package.json'), 'utf8'),
  ) as Manifest;
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    await mkdir(dirname(join(modules, name)), { recursive: true });
    await symlink(join(ROOT, 'node_modules', name), join(modules, name));
  }
  await cp(join(ROOT, 'idl', 'coupons.json'), join(application, 'idl', 'shop.json'), { recursive: true });
  await writeFile(join(application, 'domains.mts'), DOMAINS);
  await writeFile(join(application, '.env'), 'MOORING_DOMAINS=./domains.mts\n');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The tarball that `npm publish` would send: built without looking at types, which others do. */
async function pack(project: string): Promise<string> {
  await mkdir(project, { recursive: true });
  for (const name of ['package.json', '.env.example', 'README.md', 'LICENSE', 'idl', 'docs', 'programs']) {
    await cp(join(ROOT, name), join(project, name), { recursive: true, filter: (path) => !path.endsWith('/target') });
  }
  const quick = [
    '--noCheck',
    '--incremental',
    'false',
    '--tsBuildInfoFile',
    'null',
    '--sourceMap',
    'false',
    '--declaration',
    'false',
  ];
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
  const emit = ['-p', join(ROOT, 'tsconfig.build.json'), '--outDir', join(project, 'dist'), ...quick];
  await run(process.execPath, [tsc, ...emit], { cwd: ROOT });
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json'], { cwd: project });
  const [packed] = JSON.parse(stdout) as [{ filename: string }];
  return join(project, packed.filename);
}

/** `node_modules/.bin/mooring …` in the application's folder, with nothing of ours in the environment. */
async function mooring(...args: string[]): Promise<{ code: number | string; stdout: string; stderr: string }> {
  const bin = join('node_modules', 'mooring', 'dist', 'scripts', 'mooring.js');
  const options = { cwd: application, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } };
  return run(process.execPath, [bin, ...args], options).then(
    (output) => ({ code: 0, ...output }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

describe('the package, installed in an empty folder', () => {
  it('has the commands, and their help', async () => {
    const help = await mooring('--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain('reconcile-all');
    expect((await mooring('--version')).stdout.trim()).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('runs the domains that MOORING_DOMAINS names, written in TypeScript', async () => {
    expect((await mooring('backfill', '--help')).stdout).toContain('(installed: shop)');
    const wrong = await mooring('replay', '--program', 'coupons');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('Installed are: shop (./domains.mts).');
  });

  it('says what is missing', async () => {
    const audit = await mooring('audit', '--json');
    expect(audit.code).toBe(2);
    expect((JSON.parse(audit.stdout) as { error: string }).error).toContain('SOLANA_RPC_URL and MONGODB_URI not set');
    for (const name of ['worker', 'start']) {
      expect(await mooring(name)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('mooring cannot start: SOLANA_RPC_URL') as string,
      });
    }
  });

  it('writes types for an IDL without a formatter', async () => {
    expect(await mooring('idl-types')).toMatchObject({ code: 0, stdout: 'idl/shop.ts written\n' });
    const types = await readFile(join(application, 'idl', 'shop.ts'), 'utf8');
    expect(types).toContain('export interface MerchantRegistered {\n  readonly merchant: string;\n');
  });
});
