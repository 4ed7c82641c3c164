import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/dev/package-root.js';
import { runScript } from './run-script.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-idl-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (...args: string[]) => runScript('idl-types', ['--folder', folder, ...args]);

describe('npm run idl-types', () => {
  it('writes the types and says so; then they are what the IDL says', async () => {
    await copyFile(join(packageRoot(), 'idl', 'coupons.json'), join(folder, 'coupons.json'));
    expect(await run('--check')).toMatchObject({ code: 1 });
    expect(await run()).toMatchObject({ code: 0, lastLine: 'idl/coupons.ts written' });
    expect(await readFile(join(folder, 'coupons.ts'), 'utf8')).toContain('export interface CouponsEvents');
    expect(await run('--check')).toMatchObject({ code: 0, lastLine: 'idl/coupons.ts is what idl/coupons.json says' });
  });

  it('types are those of what the decoder returns: variants with fields, tuples, names with digits, bytes', async () => {
    const variants = [
      { name: 'Open' },
      { name: 'SoldTo', fields: [{ name: 'buyer', type: 'pubkey' }] },
      { name: 'At', fields: ['u64'] },
    ];
    const fields = [
      { name: 'outcome', type: { defined: { name: 'Outcome' } } },
      { name: 'ed25519key', type: { vec: 'u8' } },
      { name: 'place', type: { defined: { name: 'Place' } } },
      { name: 'boxed', type: { defined: { name: 'Box', generics: [{ kind: 'type', type: 'u8' }] } } },
    ];
    const types = [
      { name: 'Ended', type: { kind: 'struct', fields } },
      { name: 'Outcome', type: { kind: 'enum', variants } },
      { name: 'Place', type: { kind: 'struct', fields: ['u8', 'bool'] } },
      {
        name: 'Box',
        generics: [{ kind: 'type', name: 'T' }],
        type: { kind: 'struct', fields: [{ name: 'it', type: { generic: 'T' } }] },
      },
    ];
    const idl = { address: '1', metadata: { name: 'x' }, events: [{ name: 'Ended' }], types };
    await writeFile(join(folder, 'x.json'), JSON.stringify(idl));
    expect(await run()).toMatchObject({ code: 0 });
    const written = (await readFile(join(folder, 'x.ts'), 'utf8')).replace(/[\s|]+/g, ' ').replaceAll('"', "'");
    expect(written).toContain(
      "{ readonly kind: 'open' } { readonly kind: 'soldTo'; readonly buyer: string } { readonly kind: 'at'; readonly 0: bigint }",
    );
    expect(written).toContain('readonly ed25519Key: Uint8Array;');
    expect(written).toContain('interface Place { readonly 0: number; readonly 1: boolean; }');
    expect(written).toContain('readonly boxed: unknown;');
  });

  it.each([
    [
      'an IDL from before Anchor 0.30',
      '{"version":"0.1.0","name":"old","events":[{"name":"Old","fields":[]}]}',
      '0.30',
    ],
    ['an event without its type', '{"address":"1","metadata":{"name":"x"},"events":[{"name":"Lost"}]}', 'Lost'],
    ['no JSON', '{', 'cannot be read'],
  ])('%s: one line that says what to do', async (_, content, advice) => {
    await writeFile(join(folder, 'old.json'), content);
    const end = await run();
    expect(end.code).toBe(1);
    expect(end.stderr.trim().split('\n')).toHaveLength(1);
    expect(end.stderr).toContain('idl/old.json');
    expect(end.stderr).toContain(advice);
  });

  it('--help helps, and a wrong argument is no stack', async () => {
    expect((await run('--help')).stdout).toContain('--check');
    const wrong = await run('--chek');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).not.toContain('at ');
  });
});
