import { existsSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Config } from '../config/env.js';
import type { DomainRoutes } from '../domain-kit/routes.js';
import { ownDomains } from '../domains/registry.js';
import { messageOf, MooringError } from '../lib/errors.js';
import { assertDistinct, chosenFrom, domainsOf } from './check-domains.js';

/** Where the domains come from when MOORING_DOMAINS names no file. */
const OWN_REGISTRY = 'src/domains/registry.ts';
const TYPESCRIPT = new Set(['.ts', '.mts']);

/** Where the domains of this process come from, for people. */
export function domainsSource({ domainsPath }: Pick<Config, 'domainsPath'>): string {
  return domainsPath ?? OWN_REGISTRY;
}

/**
 * The domains this process runs: those of the ES module that MOORING_DOMAINS names, else, also where that one exports nothing
 * but jobs, the registry of this package; of these, the ones that PROGRAMS names, if it names any.
 * @throws MooringError `domains-missing` or `domains-invalid` with what to do.
 */
export async function installedDomains(
  config: Pick<Config, 'domainsPath' | 'programAddresses' | 'programs' | 'redPacketsCrown' | 'stakeVaultAddress'>,
): Promise<readonly DomainRoutes[]> {
  const { domainsPath, programs } = config;
  const named = domainsPath === undefined ? null : domainsOf(await loadDomainsFile(domainsPath), domainsPath);
  const [domains, where] = named ? [named, domainsSource(config)] : [ownDomains(config), OWN_REGISTRY];
  assertDistinct(domains, where, config.programAddresses);
  return programs.length === 0 ? domains : chosenFrom(domains, programs, where);
}

/**
 * What the module that MOORING_DOMAINS names exports.
 * @throws MooringError `domains-missing` or `domains-invalid` with what to do.
 */
export async function loadDomainsFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new MooringError(
      'domains-missing',
      `MOORING_DOMAINS is ${path}, and there is no file ${file}. It is looked for from where the process is started.`,
    );
  }
  try {
    // Registered only here: whoever has JavaScript needs no compiler in a process that runs for months.
    if (TYPESCRIPT.has(extname(file))) (await import('tsx/esm/api')).register();
    return (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new MooringError('domains-invalid', `Cannot load ${path} (MOORING_DOMAINS): ${messageOf(error)}`, {
      cause: error,
    });
  }
}
