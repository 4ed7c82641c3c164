import { environmentSchema } from '../../config/env.js';
import {
  isProgramVariable,
  PROGRAM_SETTING_NAMES,
  programVariable,
  readProgramVariable,
} from '../../config/program-variables.js';
import type { DomainModule } from '../../domain-kit/domain-module.js';
import { nearestName, sharesFirstWord, type MisspeltName } from '../../ops/doctor/misspelt-names.js';
import type { DotEnv } from './dot-env.js';
import type { Settings } from './read-settings.js';

type Environment = Readonly<Record<string, string | undefined>>;
type Named = Pick<DomainModule, 'name'>;

/**
 * What only shows when it is known which programs there are: bad settings of the `served` ones, which count as not set from
 * here on, and names without effect. `installed`: all of them; null where they cannot be listed.
 */
export function judgeNames(
  { config, reading }: Settings,
  names: { readonly env: Environment; readonly dotEnv: DotEnv },
  served: readonly Named[],
  installed: readonly Named[] | null,
): Settings {
  const problems = served.flatMap(({ name: program }) => problemsOf(program, config.programVariables));
  const bad = new Set(problems.map(({ name }) => name));
  const programVariables = Object.fromEntries(
    Object.entries(config.programVariables).filter(([name]) => !bad.has(name)),
  );
  return {
    config: { ...config, programVariables },
    reading: { ...reading, problems: [...reading.problems, ...problems], ...unknownNames(names, installed) },
  };
}

function problemsOf(program: string, variables: Environment): { readonly name: string; readonly problem: string }[] {
  return PROGRAM_SETTING_NAMES.flatMap((setting) => {
    const name = programVariable(program, setting);
    const text = variables[name];
    const read = text === undefined ? undefined : readProgramVariable(setting, text);
    return read && 'problem' in read ? [{ name, problem: read.problem }] : [];
  });
}

/** Of a .env whatever looks like ours is told of; of the environment, where all sorts of things are, what is close to it. */
function unknownNames(
  { env, dotEnv }: { readonly env: Environment; readonly dotEnv: DotEnv },
  installed: readonly Named[] | null,
): { readonly misspelt: readonly MisspeltName[]; readonly strangers: readonly string[] } {
  const ofPrograms = (installed ?? []).flatMap(({ name }) =>
    PROGRAM_SETTING_NAMES.map((setting) => programVariable(name, setting)),
  );
  const known = [...Object.keys(environmentSchema.shape), ...ofPrograms];
  const isOurs = (name: string) => known.includes(name) || (installed === null && isProgramVariable(name));
  const set = Object.keys(env).filter((name) => env[name]?.trim());
  const misspelt: MisspeltName[] = [];
  const strangers: string[] = [];
  for (const name of new Set([...dotEnv.names, ...set])) {
    if (isOurs(name)) continue;
    const meant = nearestName(name, known);
    const isInDotEnv = dotEnv.names.includes(name);
    if (meant !== null || isProgramVariable(name) || (isInDotEnv && sharesFirstWord(name, known))) {
      misspelt.push({ name, meant });
    } else if (isInDotEnv) strangers.push(name);
  }
  return { misspelt, strangers };
}
