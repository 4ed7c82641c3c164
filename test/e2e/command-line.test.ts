import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../scripts/drill/worker-child.js';
import { COMMANDS } from '../../scripts/mooring/commands.js';
import { packageRoot } from '../../src/dev/package-root.js';
import { runInProcess } from './run-in-process.js';

/** Variables that are set, if to nothing, win over a developer's .env. */
const NOTHING_SET = { SOLANA_RPC_URL: '', SOLANA_WS_URL: '', MONGODB_URI: '', MOORING_DOMAINS: '' };
const MOORING = join('scripts', 'mooring.ts');
/** Of the scripts, those that an installed package has no use for. */
const OF_THE_PROJECT = ['bench', 'mooring'];

const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
const { scripts, bin } = JSON.parse(manifest) as { scripts: Record<string, string>; bin: Record<string, string> };
/** Every `npm run` that takes arguments, and the file it runs; those of production take none. */
const commands = Object.entries(scripts).flatMap(([name, line]) => {
  const file = /^exec node .*tsx ((?:scripts|test)\/\S+\.ts)$/.exec(line)?.[1];
  return file === undefined || file === MOORING ? [] : [{ name, file }];
});

describe('every command of package.json', () => {
  it('is tried here: each script, and each command of mooring', () => {
    const names = commands.map(({ name }) => name);
    const files = readdirSync(join(packageRoot(), 'scripts')).filter((name) => name.endsWith('.ts'));
    const ofScripts = files.map((file) => basename(file, '.ts')).filter((name) => name !== 'mooring');
    expect(names).toEqual(expect.arrayContaining([...ofScripts, 'simulate', 'mutate']));
    const installed = COMMANDS.filter(({ isProcess }) => !isProcess).map(({ name }) => name);
    expect(installed.sort()).toEqual(ofScripts.filter((name) => !OF_THE_PROJECT.includes(name)).sort());
  });

  it('that runs until it is stopped is one of mooring as well', () => {
    const processes = Object.entries(scripts).flatMap(([name, line]) => (/tsx workers\/\S+$/.test(line) ? [name] : []));
    expect(processes).toContain('delivery-worker');
    const installed = COMMANDS.filter(({ isProcess }) => isProcess).map(({ name }) => name);
    expect(installed.sort()).toEqual(processes.sort());
  });

  it.each(commands)('npm run $name helps, with exit codes and examples', async ({ name, file }) => {
    const help = await runInProcess(file, ['--help'], NOTHING_SET);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: npm run ${name} -- `);
    expect(help.stdout).toContain('Exit code: 0 ');
    expect(help.stdout).toMatch(new RegExp(`\n  npm run (-s )?${name}\\b`));
  });

  it.each(commands)('npm run $name answers what it does not know in two lines', async ({ name, file }) => {
    const wrong = await runInProcess(file, ['--no-such-option', '--json'], NOTHING_SET);
    expect(wrong.code).toBe(2);
    const said = wrong.stderr.trimEnd().split('\n');
    expect(said).toHaveLength(2);
    expect(said[0]).toMatch(/^error: /);
    expect(said[1]).toBe(`See: npm run ${name} -- --help`);
    const { error } = JSON.parse(wrong.lastLine) as { error: string };
    expect(said[0]).toBe(`error: ${error}`);
    expect(wrong.stdout.trimEnd()).toBe(wrong.lastLine);
  });
});

describe('mooring <command>', () => {
  const mooring = (...args: string[]) => runInProcess(MOORING, args, NOTHING_SET);

  it('is the file that package.json names, built, and one that a shell can start', () => {
    expect(bin).toEqual({ mooring: `dist/${MOORING.replace(/ts$/, 'js')}` });
    expect(readFileSync(join(packageRoot(), MOORING), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('--help has one line for each command', async () => {
    const { code, stdout, stderr } = await mooring('--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const listed = stdout
      .split('\n')
      .flatMap((line) => /^ {2}([a-z-]+)(?: \[command\])? {2,}\S/.exec(line)?.slice(1) ?? []);
    expect(listed).toEqual([...COMMANDS.map(({ name }) => name), 'help']);
    expect(await mooring('help')).toMatchObject({ code: 0, stdout });
  });

  it.each(COMMANDS)('$name helps in its own words', async ({ name }) => {
    const help = await mooring(name, '--help');
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: mooring ${name} `);
    expect(help.stdout).toContain('Exit code: 0 ');
    expect(help.stdout).toMatch(new RegExp(`Examples:\n.*mooring ${name}`));
    expect(help.stdout).not.toContain('npm run');
    if (name === 'audit') expect(await mooring('help', name)).toEqual(help);
  });

  it.each([
    { args: ['adit'], says: "unknown command 'adit' (did you mean audit?)", see: 'mooring' },
    { args: ['help', 'xyzzy'], says: "unknown command 'xyzzy'", see: 'mooring' },
    { args: [], says: 'a command is missing', see: 'mooring' },
    { args: ['audit', '--nope'], says: "unknown option '--nope'", see: 'mooring audit' },
    { args: ['worker', 'now'], says: 'too many arguments. Expected 0 arguments but got 1.', see: 'mooring worker' },
    {
      args: ['dead-letters', 'nope'],
      says: "unknown command 'nope'; there are: list, show",
      see: 'mooring dead-letters',
    },
  ])('answers $args in two lines', async ({ args, says, see }) => {
    const end = await mooring(...args);
    expect(end).toMatchObject({ code: 2, stdout: '' });
    const [first, second, ...more] = end.stderr.trimEnd().split('\n');
    expect(first).toContain(`error: ${says}`);
    expect([second, ...more]).toEqual([`See: ${see} --help`]);
  });
});

describe('a mistake is answered with what there is', () => {
  it.each([
    { name: 'drill', args: ['nope'], says: "unknown command 'nope'; there are: kills, reorg" },
    { name: 'dead-letters', args: [], says: 'a command is missing; there are: list, show, retry, drop' },
    { name: 'dead-letters', args: ['list', '--program', 'typo'], says: 'Installed are: coupons' },
    { name: 'dead-letters', args: ['retry'], says: 'give either ids or --all' },
  ])('$name $args', async ({ name, args, says }) => {
    const end = await runInProcess(join('scripts', `${name}.ts`), [...args, '--json'], NOTHING_SET);
    expect(end.code).toBe(2);
    expect(end.stderr).toContain(says);
    expect((JSON.parse(end.lastLine) as { error: string }).error).toContain(says);
  });
});

describe('a command that cannot be done says why, and ends with 2', () => {
  it.each([
    { name: 'audit', args: [] },
    { name: 'backfill', args: ['--program', 'coupons'] },
    { name: 'dead-letters', args: ['list'] },
  ])('$name $args without a database', async ({ name, args }) => {
    const end = await runInProcess(join('scripts', `${name}.ts`), [...args, '--json'], NOTHING_SET);
    expect(end.code).toBe(2);
    const { error } = JSON.parse(end.lastLine) as { error: string };
    expect(error).toMatch(/MONGODB_URI.* not set/);
    expect(end.stderr).toContain(error);
  });

  it('with domains that are not there', async () => {
    const environment = { ...NOTHING_SET, MOORING_DOMAINS: './nowhere.mjs' };
    const end = await runInProcess(MOORING, ['audit', '--json'], environment);
    expect(end.code).toBe(2);
    expect((JSON.parse(end.lastLine) as { error: string }).error).toContain('MOORING_DOMAINS is ./nowhere.mjs');
    expect((await runInProcess(MOORING, ['backfill', '--help'], environment)).code).toBe(0);
  });
});

it('npm run dev -- --help ends: nothing watches for a change of what is not there', async () => {
  const npm = startChild('npm', ['run', 'dev', '--', '--help'], NOTHING_SET);
  try {
    expect(await npm.ended, npm.output()).toBe(0);
    expect(npm.output()).toContain('Usage: npm run dev -- ');
  } finally {
    npm.kill('SIGKILL');
  }
}, 30_000);
