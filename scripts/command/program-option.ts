import { InvalidArgumentError, Option } from 'commander';
import type { Foundation, InstalledModule } from '../../src/app/foundation.js';
import { domains } from '../../src/domains/registry.js';
import { MooringError } from '../../src/lib/errors.js';

const names = domains.map(({ module }) => module.name);
const installed = `Installed are: ${names.join(', ')} (src/domains/registry.ts).`;

/** `--program <name>`, of which only an installed program is let through. */
export function programOption(what: string): Option {
  return new Option('--program <name>', `${what} (installed: ${names.join(', ')})`).argParser((name: string) => {
    if (names.includes(name)) return name;
    throw new InvalidArgumentError(installed);
  });
}

/**
 * The installed module of this name.
 * @throws MooringError `unknown-program`, naming those that are installed.
 */
export function installedModule({ modules }: Pick<Foundation, 'modules'>, name: string): InstalledModule {
  const found = modules.find(({ module }) => module.name === name);
  if (!found) throw new MooringError('unknown-program', `There is no program ${name}. ${installed}`);
  return found;
}
