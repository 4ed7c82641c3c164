import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { expect, it } from 'vitest';
import { SHUTDOWN_PATIENCE_MS } from '../../../src/app/run-process.js';
import { packageRoot } from '../../../src/dev/package-root.js';

interface Pm2App {
  readonly name: string;
  readonly script: string;
  readonly cwd: string;
  readonly kill_timeout: number;
}

const read = (...path: string[]): string => readFileSync(join(packageRoot(), ...path), 'utf8');
const dockerfile = read('docs', 'examples', 'Dockerfile');
/** What the image consists of in the end. */
const lastStage = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
const instructions = (name: string, text: string): string[] =>
  [...text.matchAll(new RegExp(`^ *${name} (.*)$`, 'gm'))].map((match) => match[1] as string);

async function pm2Apps(): Promise<readonly Pm2App[]> {
  // Named by a string, as PM2 sees it: an ES module whose "module.exports" is the configuration.
  const file = join(packageRoot(), 'ecosystem.config.js');
  const loaded = (await import(file)) as { readonly 'module.exports': { readonly apps: readonly Pm2App[] } };
  return loaded['module.exports'].apps;
}

it('the Dockerfile has nothing that its linter objects to', () => {
  expect(validate(dockerfile).map(({ message, range }) => ({ line: range.start.line + 1, message }))).toEqual([]);
  expect(validate('FROM node:22\nRUNN npm ci\n')).toHaveLength(1);
});

it('the image runs Node itself, without rights and without what is only for development', () => {
  expect(instructions('FROM', dockerfile)).toHaveLength(2);
  expect(instructions('USER', lastStage)).toEqual([expect.stringMatching(/^[1-9]\d*:[1-9]\d*$/)]);
  expect(instructions('RUN', lastStage)).toEqual([expect.stringContaining('npm ci --omit=dev')]);
  const commands = instructions('CMD', lastStage).map((command) => JSON.parse(command) as string[]);
  expect(commands).toEqual([
    ['node', '-e', expect.stringContaining('/health/live')],
    ['node', 'dist/workers/api.js'],
  ]);
  expect(instructions('HEALTHCHECK', lastStage)).toHaveLength(1);
});

it('everybody waits longer before they kill a process than it takes to stop', async () => {
  const apps = await pm2Apps();
  expect(apps.map(({ name }) => name)).toEqual(['api-server', 'event-worker', 'reconcile-worker']);
  for (const app of apps) expect(app.kill_timeout).toBeGreaterThan(SHUTDOWN_PATIENCE_MS);
  const seconds = (file: string, setting: RegExp): number => Number(setting.exec(read('docs', 'examples', file))?.[1]);
  const patience = SHUTDOWN_PATIENCE_MS / 1_000;
  expect(seconds('mooring@.service', /^TimeoutStopSec=(\d+)$/m)).toBeGreaterThan(patience);
  expect(seconds('compose.yaml', /stop_grace_period: (\d+)s$/m)).toBeGreaterThan(patience);
});

it('the same three built files are run everywhere, and each has its source', async () => {
  const scripts = (await pm2Apps()).map(({ script }) => script);
  const compose = read('docs', 'examples', 'compose.yaml');
  const unit = read('docs', 'examples', 'mooring@.service');
  for (const script of scripts) {
    const source = script.replace(/^dist\//, '').replace(/\.js$/, '.ts');
    expect(read(...source.split('/'))).toContain('runProcess(');
    expect(`${dockerfile}${compose}`).toContain(script);
    expect(unit).toContain(`mooring@${/([^/]+)\.js$/.exec(script)?.[1]}`);
  }
  expect(unit).toContain('ExecStart=/usr/bin/node dist/workers/%i.js');
});
