import { fail, ok, warn, type Judgement } from './finding.js';
import type { MisspeltName } from './misspelt-names.js';
import { counted, listed } from './words.js';

/** Where settings came from and what is wrong with them. Values are no part of it: some are secrets. */
export interface SettingsReading {
  readonly dotEnv: 'read' | 'absent' | { readonly unreadable: string };
  /** How many variables of mooring's are set, in the environment or in .env. */
  readonly set: number;
  readonly problems: readonly { readonly name: string; readonly problem: string }[];
  /** Names without effect that look like ours. */
  readonly misspelt: readonly MisspeltName[];
  /** Further names in .env that mooring does not know: somebody else's. */
  readonly strangers: readonly string[];
}

/** Whether the settings can be used. The other checks go on with those that can. */
export function judgeSettings({ dotEnv, set, problems, misspelt, strangers }: SettingsReading): Judgement {
  if (typeof dotEnv === 'object') {
    return fail(`.env cannot be read: ${dotEnv.unreadable}`, 'Let the user of this process read .env.');
  }
  const wrongNames = misspelt.map(({ name, meant }) => (meant === null ? name : `${name} (did you mean ${meant}?)`));
  const withoutEffect = wrongNames.length > 0 ? [`mooring does not know ${listed(wrongNames)}`] : [];
  const where = 'in .env or where the process is started; .env.example documents each.';
  if (problems.length > 0) {
    return fail(
      [...problems.map(({ name, problem }) => `${name} ${problem}`), ...withoutEffect].join('; '),
      `Correct ${listed([...problems, ...misspelt].map(({ name }) => name))} ${where}`,
    );
  }
  const place = `${dotEnv === 'read' ? '.env read' : 'no .env here'}, ${counted(set, 'variable')} set`;
  if (misspelt.length > 0) {
    return warn(
      [place, ...withoutEffect].join('; '),
      `What has such a name has no effect: correct or remove ${listed(misspelt.map(({ name }) => name))} ${where}`,
    );
  }
  return ok(
    [`${place}, all usable`, ...(strangers.length > 0 ? [`not mooring's: ${listed(strangers)}`] : [])].join('; '),
  );
}

/** Whether this Node runs mooring. Versions as `20.19.1`. */
export function judgeNode({ running, least }: { readonly running: string; readonly least: string }): Judgement {
  if (!isOlder(running, least)) return ok(running);
  return fail(`${running}, older than ${least}`, `Install Node ${least} or later.`);
}

/** Whether it is said where something is. `places` are hosts. */
export function judgeNamed(variable: string, places: readonly string[]): Judgement {
  if (places.length > 0) return ok(`${variable} names ${listed(places)}`);
  return fail(
    `${variable} is not set, or not usable`,
    `Set ${variable} in .env (.env.example documents every setting), or try everything with an embedded chain and database: npm run dev`,
  );
}

function isOlder(version: string, least: string): boolean {
  const [one, other] = [partsOf(version), partsOf(least)];
  const differing = other.findIndex((part, position) => part !== one[position]);
  return differing !== -1 && (one[differing] ?? 0) < (other[differing] ?? 0);
}

function partsOf(version: string): number[] {
  return version
    .replace(/^[^\d]*/, '')
    .split('.')
    .map((part) => Number.parseInt(part, 10) || 0);
}
