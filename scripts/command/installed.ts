import { peekAtDotEnv, readConfig } from '../../src/config/env.js';
import { domainsSource, installedDomains } from '../../src/app/installed-domains.js';
import { messageOf } from '../../src/lib/errors.js';

/** The installed programs, as a command line has to know them before its arguments are looked at. */
export interface Installed {
  readonly names: readonly string[];
  /** The file that lists them. */
  readonly source: string;
  /** Why nobody can tell; null when they are known. --help has to work either way. */
  readonly problem: string | null;
}

/** Looks at the environment and .env, and sets nothing of either. */
export async function readInstalled(): Promise<Installed> {
  try {
    const config = readConfig({ ...peekAtDotEnv(), ...process.env });
    const domains = await installedDomains(config);
    return { names: domains.map(({ module }) => module.name), source: domainsSource(config), problem: null };
  } catch (error) {
    return { names: [], source: '', problem: messageOf(error) };
  }
}
