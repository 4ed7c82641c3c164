import { InvalidArgumentError, Option } from 'commander';
import { domainsSource } from '../../src/app/installed-domains.js';
import type { Foundation, InstalledModule } from '../../src/app/foundation.js';
import { MooringError } from '../../src/lib/errors.js';
import { readInstalled } from './installed.js';

/** Those of this process. */
export const installed = await readInstalled();

/** `--program <name>`, of which only an installed program is let through. */
export function programOption(what: string): Option {
  const known = installed.problem ?? installed.names.join(', ');
  return new Option('--program <name>', `${what} (installed: ${known})`).argParser((name: string) => {
    if (installed.problem !== null) throw new InvalidArgumentError(installed.problem);
    if (installed.names.includes(name)) return name;
    throw new InvalidArgumentError(installedAre(installed.names, installed.source));
  });
}

/**
 * The installed module of this name.
 * @throws MooringError `unknown-program`, naming those that are installed.
 */
export function installedModule(
  { modules, config }: Pick<Foundation, 'modules'> & { readonly config: Pick<Foundation['config'], 'domainsPath'> },
  name: string,
): InstalledModule {
  const found = modules.find(({ module }) => module.name === name);
  if (found) return found;
  const names = modules.map(({ module }) => module.name);
  throw new MooringError(
    'unknown-program',
    `There is no program ${name}. ${installedAre(names, domainsSource(config))}`,
  );
}

function installedAre(names: readonly string[], source: string): string {
  return `Installed are: ${names.join(', ')} (${source}).`;
}
