import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PublicKey } from '@solana/web3.js';
import type { DevProgram } from './dev-chain.js';
import { packageRoot } from './package-root.js';

/** A program of this repository, ready to deploy. */
export interface ProjectProgram extends DevProgram {
  /** As its folder under `programs/` and its file under `idl/` are called. */
  readonly name: string;
}

/**
 * The programs of this repository that are built: an `idl/<name>.json` with an address, and a
 * `programs/<name>/<name>.so`. All of them, or those named.
 */
export function projectPrograms(names?: readonly string[], root = packageRoot()): ProjectProgram[] {
  const found: ProjectProgram[] = [];
  for (const file of readdirSync(join(root, 'idl')).sort()) {
    const name = basename(file, '.json');
    if (file === name || (names && !names.includes(name))) continue;
    const folder = join(root, 'programs', name);
    const soPath = join(folder, `${name}.so`);
    const { address } = JSON.parse(readFileSync(join(root, 'idl', file), 'utf8')) as { address?: string };
    if (address === undefined || !existsSync(soPath)) continue;
    const keypairPath = join(folder, `${name}-dev-keypair.json`);
    found.push({
      name,
      address: new PublicKey(address),
      soPath,
      ...(existsSync(keypairPath) ? { keypairPath } : {}),
    });
  }
  return found;
}
