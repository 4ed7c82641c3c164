import { expect, it } from 'vitest';
import { asStarted, startedAs, startLine } from '../../../scripts/command/started-as.js';

const NPM = '/project/scripts/audit.ts';
const INSTALLED = ['/app/node_modules/.bin/mooring', '/app/node_modules/mooring/dist/scripts/mooring.js'];

it('names a command as it was started', () => {
  expect(startedAs('audit', NPM)).toBe('npm run audit --');
  expect(startLine('audit', NPM)).toBe('npm run audit');
  for (const file of INSTALLED) {
    expect(startedAs('audit', file)).toBe('mooring audit');
    expect(startLine('audit', file)).toBe('npx mooring audit');
  }
});

it('writes help in the words that work where it was started', () => {
  const help =
    'npm run audit\nnpm run audit -- --json | tail -1\nnpm run -s api-key -- --json list\n(`npm run drill`), npm start';
  expect(asStarted(help, NPM)).toBe(help);
  expect(asStarted(help, INSTALLED[0])).toBe(
    'mooring audit\nmooring audit --json | tail -1\nmooring api-key --json list\n(`mooring drill`), mooring start',
  );
});
