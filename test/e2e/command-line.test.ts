import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startChild } from '../../scripts/drill/worker-child.js';
import { packageRoot } from '../../src/dev/package-root.js';
import { runFile, runScript } from './run-script.js';

/** Variables that are set, if to nothing, win over a developer's .env. */
const NOTHING_SET = { SOLANA_RPC_URL: '', SOLANA_WS_URL: '', MONGODB_URI: '' };

const manifest = readFileSync(join(packageRoot(), 'package.json'), 'utf8');
const { scripts } = JSON.parse(manifest) as { scripts: Record<string, string> };
/** Every `npm run` that takes arguments, and the file it runs; those of production take none. */
const commands = Object.entries(scripts).flatMap(([name, line]) => {
  const file = /^exec node .*tsx ((?:scripts|test)\/\S+\.ts)$/.exec(line)?.[1];
  return file === undefined ? [] : [{ name, file }];
});

describe('every command of package.json', () => {
  it('is tried here', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'demo',
        'dev',
        'backfill',
        'audit',
        'replay',
        'dead-letters',
        'api-key',
        'bench',
        'drill',
      ]),
    );
    expect(commands.map(({ name }) => name)).toEqual(expect.arrayContaining(['simulate', 'mutate', 'idl-types']));
  });

  it.each(commands)('npm run $name helps', async ({ name, file }) => {
    const help = await runFile(file, ['--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toContain(`Usage: npm run ${name} -- `);
    expect(help.stdout).toContain('Exit code: 0 ');
  });

  // One command line serves them all; a process of each takes seconds.
  it.each(commands.filter(({ name }) => ['simulate', 'api-key', 'audit'].includes(name)))(
    'npm run $name answers what it does not know in a few lines',
    async ({ name, file }) => {
      const wrong = await runFile(file, ['--no-such-option', '--json'], NOTHING_SET);
      expect(wrong.code).toBe(2);
      const said = wrong.stderr.trimEnd().split('\n');
      expect(said[0]).toMatch(/^error: /);
      expect(said.at(-1)).toBe(`See: npm run ${name} -- --help`);
      expect(said.length).toBeLessThanOrEqual(3);
      const { error } = JSON.parse(wrong.lastLine) as { error: string };
      expect(said[0]).toBe(`error: ${error.split('\n')[0]}`);
      expect(wrong.stdout.trimEnd()).toBe(wrong.lastLine);
    },
  );
});

describe('a mistake is answered with what there is', () => {
  it.each([
    { name: 'drill', args: ['nope'], says: "unknown command 'nope'; there are: kills, reorg" },
    { name: 'dead-letters', args: [], says: 'a command is missing; there are: list, show, retry, drop' },
    { name: 'dead-letters', args: ['list', '--program', 'typo'], says: 'Installed are: coupons' },
    { name: 'dead-letters', args: ['retry'], says: 'give either ids or --all' },
  ])('$name $args', async ({ name, args, says }) => {
    const end = await runScript(name, [...args, '--json'], NOTHING_SET);
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
    const end = await runScript(name, [...args, '--json'], NOTHING_SET);
    expect(end.code).toBe(2);
    const { error } = JSON.parse(end.lastLine) as { error: string };
    expect(error).toMatch(/MONGODB_URI.* not set/);
    expect(end.stderr).toContain(error);
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
