import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Idl } from '@coral-xyz/anchor';
import { Keypair } from '@solana/web3.js';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url);

function read(path: string): Buffer {
  return readFileSync(new URL(path, root));
}

function sha256(bytes: Buffer | string): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** The same list as `sources_of` in programs/build.sh. */
function sourcesOf(program: string): string {
  const inDirectory = (directory: string) =>
    readdirSync(fileURLToPath(new URL(`programs/${directory}/`, root)), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.replace(/\/+/g, '/'))
      .map((path) => path.slice(fileURLToPath(new URL('programs/', root)).length));
  const manifest = read(`programs/${program}/Cargo.toml`).toString();
  const parts = [program, 'runtime', ...(/^program-kit /m.test(manifest) ? ['kit'] : [])];
  const paths = [
    ...parts.flatMap((part) => [...inDirectory(`${part}/src`), `${part}/Cargo.toml`]),
    'Cargo.toml',
    'Cargo.lock',
    '.cargo/config.toml',
  ];
  const lines = paths.sort().map((path) => `${sha256(read(`programs/${path}`)).toString('hex')}  ${path}\n`);
  return lines.join('');
}

describe.each(['coupons', 'red-packets', 'router', 'stake-vault'])('%s', (program) => {
  const idl = JSON.parse(read(`idl/${program}.json`).toString()) as Idl;

  it('the committed .so is the one that was recorded', () => {
    const recorded = read(`programs/${program}/${program}.so.sha256`).toString();
    expect(`${sha256(read(`programs/${program}/${program}.so`)).toString('hex')}  ${program}.so\n`).toBe(recorded);
  });

  it('the .so was built from these sources (else run programs/build.sh)', () => {
    expect(sourcesOf(program)).toBe(read(`programs/${program}/source.sha256`).toString());
  });

  it('the IDL has the address of the development keypair', () => {
    const secret = JSON.parse(read(`programs/${program}/${program}-dev-keypair.json`).toString()) as number[];
    expect(idl.address).toBe(Keypair.fromSecretKey(Uint8Array.from(secret)).publicKey.toBase58());
  });

  it('every discriminator of the IDL is the hash of its name', () => {
    const named = [
      ...idl.instructions.map((of) => ({ ...of, namespace: 'global' })),
      ...(idl.accounts ?? []).map((of) => ({ ...of, namespace: 'account' })),
      ...(idl.events ?? []).map((of) => ({ ...of, namespace: 'event' })),
    ];
    for (const { namespace, name, discriminator } of named) {
      expect(discriminator, name).toEqual([...sha256(`${namespace}:${name}`).subarray(0, 8)]);
    }
  });
});

it.each(['coupons', 'red-packets', 'stake-vault'])('the source of %s names the address of its IDL', (program) => {
  const { address } = JSON.parse(read(`idl/${program}.json`).toString()) as Idl;
  expect(read(`programs/${program}/src/lib.rs`).toString()).toContain(`from_str_const("${address}")`);
});
