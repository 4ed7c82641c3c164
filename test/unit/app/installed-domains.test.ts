import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { assertDistinct, domainsOf } from '../../../src/app/check-domains.js';
import { installedDomains } from '../../../src/app/installed-domains.js';
import { installedJobs } from '../../../src/app/installed-jobs.js';
import { readConfig } from '../../../src/config/env.js';
import { coupons } from '../../../src/domains/coupons/module.js';
import { defineModule } from '../../../src/domain-kit/domain-module.js';
import { defineFact } from '../../../src/domain-kit/model.js';
import { defineRoutes } from '../../../src/domain-kit/routes.js';

const GAME = '11111111111111111111111111111112';
const gameAt = (address: string, name = 'game', collection = 'matches') =>
  defineModule<Record<never, never>, Record<never, never>>({
    ...{ name, version: 1, program: { idl: { address } }, events: {}, accounts: {} },
    models: [defineFact(collection, {})],
  });
const game = gameAt(GAME);

const folder = mkdtempSync(join(tmpdir(), 'mooring-domains-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const source = (exported: string) =>
  `const game = ${JSON.stringify(game)}; export const ${exported};`.replace(/"/g, "'");
const load = (path: string) => installedDomains(readConfig({ MOORING_DOMAINS: path }));

describe('the installed domains', () => {
  const names = async (environment: Readonly<Record<string, string>>) =>
    (await installedDomains(readConfig(environment))).map(({ module }) => module.name);

  it("are this package's own where no file is named", async () => {
    expect(await names({})).toEqual(['coupons', 'red-packets', 'stake-vault']);
  });

  it('are those of them that PROGRAMS names, and nothing else', async () => {
    expect(await names({ PROGRAMS: 'stake-vault, coupons' })).toEqual(['coupons', 'stake-vault']);
    await expect(names({ PROGRAMS: 'coupons,coupon' })).rejects.toThrow(
      'PROGRAMS names coupon. Installed are: coupons, red-packets, stake-vault (src/domains/registry.ts).',
    );
  });

  it('are what the named module exports, with routes made where it brings none', async () => {
    const [modules] = await load(fileWith('modules.mjs', source('modules = [game]')));
    expect(modules).toMatchObject({ module: { name: 'game' }, reads: [{ path: '/matches' }], commands: [] });
    const [domains] = await load(
      fileWith('domains.mjs', source('domains = [{ module: game, reads: [], commands: [] }]')),
    );
    expect(domains?.reads).toEqual([]);
  });

  it("are this package's own as well where the named module exports jobs alone (002-5)", async () => {
    const jobs = fileWith('jobs.mjs', "export const jobs = [{ id: 'greet', version: '1', run: async () => {} }];");
    expect(await names({ MOORING_DOMAINS: jobs })).toEqual(['coupons', 'red-packets', 'stake-vault']);
    expect(await installedJobs(readConfig({ MOORING_DOMAINS: jobs }))).toMatchObject([{ id: 'greet' }]);
    await expect(names({ MOORING_DOMAINS: jobs, PROGRAMS: 'coupon' })).rejects.toThrow('(src/domains/registry.ts)');
  });

  it('may be written in TypeScript', async () => {
    const [typed] = await load(fileWith('typed.mts', source('modules: unknown[] = [game]')));
    expect(typed?.module.name).toBe('game');
  });

  it('say where a file was looked for that is not there', async () => {
    await expect(load('./nowhere.js')).rejects.toThrow(
      `MOORING_DOMAINS is ./nowhere.js, and there is no file ${join(process.cwd(), 'nowhere.js')}.`,
    );
  });

  it('say why a file cannot be loaded', async () => {
    const path = fileWith('broken.mjs', "throw new Error('no such thing');");
    await expect(load(path)).rejects.toThrow(`Cannot load ${path} (MOORING_DOMAINS): no such thing`);
  });
});

describe('what a file of domains must export', () => {
  it.each([
    { exported: {}, says: 'mine.js exports none of `domains`, `modules` and `jobs`: export const domains =' },
    { exported: { domains: coupons }, says: 'mine.js: `domains` must be an array, and not empty.' },
    { exported: { modules: [] }, says: 'mine.js: `modules` must be an array, and not empty.' },
    {
      exported: { domains: [game] },
      says: 'mine.js: `domains[0]` is not what defineRoutes(defineModule({ … })) makes.',
    },
    { exported: { modules: [game, defineRoutes(game)] }, says: '`modules[1]` is not what defineModule({ … }) makes.' },
    { exported: { modules: [gameAt('not-an-address')] }, says: '`modules[0]` is not what defineModule({ … }) makes.' },
  ])('$says', ({ exported, says }) => {
    expect(() => domainsOf(exported, 'mine.js')).toThrow(says);
  });

  it.each([
    { other: gameAt(GAME, 'other', 'others'), says: `the program ${GAME} belongs to game and other.` },
    { other: gameAt(coupons.program.address, 'game', 'others'), says: 'the name game belongs to game twice.' },
    { other: gameAt(coupons.program.address, 'other'), says: 'the collection matches belongs to game and other.' },
  ])('and that no two of them get into each other’s way: $says', ({ other, says }) => {
    expect(() =>
      assertDistinct(
        [game, other].map((module) => defineRoutes(module)),
        'mine.js',
      ),
    ).toThrow(says);
  });

  it('and leave the collections of mooring itself alone', () => {
    const claiming = defineRoutes(gameAt(GAME, 'game', 'leases'));
    expect(() => assertDistinct([claiming], 'mine.js')).toThrow("the collection leases, which is mooring's own");
  });

  it('by the address that a setting gives a program', () => {
    const both = [coupons, game].map((module) => defineRoutes(module));
    expect(() => assertDistinct(both, 'mine.js')).not.toThrow();
    expect(() => assertDistinct(both, 'mine.js', { coupons: GAME })).toThrow('belongs to coupons and game');
  });
});
